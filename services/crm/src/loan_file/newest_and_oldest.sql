-- The newest and the oldest loan files: what each is bound to, and its text; of papers the keys that open them.
(SELECT 'crm.lead ' || id AS bound_to, loan_file AS text FROM crm_lead WHERE loan_file IS NOT NULL ORDER BY id DESC LIMIT 1000)
UNION
(SELECT 'crm.lead ' || id, loan_file FROM crm_lead WHERE loan_file IS NOT NULL ORDER BY id LIMIT 1000)
UNION
(SELECT 'ir.attachment ' || record_id, split_part(substr(sealed, 1, 600), ' ', 1) FROM ir_attachment_file ORDER BY record_id DESC LIMIT 1000)
UNION
(SELECT 'ir.attachment ' || record_id, split_part(substr(sealed, 1, 600), ' ', 1) FROM ir_attachment_file ORDER BY record_id LIMIT 1000)
