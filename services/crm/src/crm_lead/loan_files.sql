-- The loan files of these leads, encrypted as they are kept.
SELECT id, loan_file FROM crm_lead WHERE id = ANY ($1)
