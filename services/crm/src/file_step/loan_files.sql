-- The loan files of these leads, encrypted as they are kept, and the reason of each one's last step.
SELECT id, loan_file, file_state_reason AS reason FROM crm_lead WHERE id = ANY ($1) ORDER BY id
