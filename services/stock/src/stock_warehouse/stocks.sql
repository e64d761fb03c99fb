-- Where the goods are that warehouses sell.
SELECT id FROM stock_location WHERE warehouse_id = ANY ($1)
