-- Moves what is listed of loan files to their leads' columns, where the text is still the one that it was read from. That is no change
-- of the record: it says what it said before.
UPDATE crm_lead l
SET file_number = r.file_number, order_status = r.order_status, progress = r.progress, file_state = r.file_state, file_listed = r.file_listed
FROM jsonb_to_recordset($1::jsonb)
    AS r(id bigint, file_number bigint, order_status text, progress numeric, file_state text, file_listed text)
WHERE l.id = r.id AND left(l.loan_file, 64) = r.file_listed
