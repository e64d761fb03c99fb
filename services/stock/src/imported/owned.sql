-- Whose warehouses are.
SELECT id, partner_id AS partner FROM stock_warehouse WHERE deleted_at IS NULL
