-- One of these users who is a bank's.
SELECT id FROM res_users WHERE bank_id IS NOT NULL AND id = ANY ($1) LIMIT 1
