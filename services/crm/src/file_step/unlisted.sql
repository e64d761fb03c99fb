-- Loan files after a lead ($1) whose columns are not of the text that is kept.
SELECT id, loan_file FROM crm_lead
WHERE loan_file IS NOT NULL AND file_listed IS DISTINCT FROM left(loan_file, 64) AND id > $1
ORDER BY id LIMIT $2
