-- Every loan file as it is kept: what it is bound to, and its text; of a paper the key that opens it. An operator runs it, who looks into
-- all schemas.
SELECT 'crm.lead ' || id AS bound_to, loan_file AS text FROM crm.crm_lead WHERE loan_file IS NOT NULL
UNION ALL
SELECT 'ir.attachment ' || record_id, split_part(substr(sealed, 1, 600), ' ', 1) FROM crm.ir_attachment_file
