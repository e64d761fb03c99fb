-- Every loan file as it is kept: what it is bound to, and its text. An operator runs it, who looks into all schemas.
SELECT 'crm.lead ' || id AS bound_to, loan_file AS text FROM crm.crm_lead WHERE loan_file IS NOT NULL
