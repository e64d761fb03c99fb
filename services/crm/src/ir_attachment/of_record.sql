-- The papers of these leads ($1) and orders ($2).
SELECT id FROM ir_attachment WHERE (lead_id = ANY ($1) OR order_id = ANY ($2)) AND deleted_at IS NULL ORDER BY id FOR UPDATE
