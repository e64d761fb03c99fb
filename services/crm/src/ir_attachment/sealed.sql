-- The key that opens each paper, as it is kept: what it is bound to, and its text. An operator runs it, who looks into all schemas.
SELECT 'ir.attachment ' || record_id AS bound_to, split_part(substr(sealed, 1, 600), ' ', 1) AS text FROM crm.ir_attachment_file
