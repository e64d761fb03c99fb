-- What comes back from clients stands apart from what is sold, in a location of each warehouse. It has a column of its own for its
-- warehouse: a release before this one takes the location with a `warehouse_id` for the warehouse's only one.
ALTER TABLE stock_location ADD COLUMN returns_of bigint REFERENCES stock_warehouse;
ALTER TABLE stock_location DROP CONSTRAINT stock_location_an_internal_one_is_of_a_warehouse;
-- Those that a step back has put aside
UPDATE stock_location l SET usage = 'internal', returns_of = w.id
    FROM stock_warehouse w WHERE l.usage = 'transit' AND l.complete_name = w.code || '/Retours' AND w.deleted_at IS NULL AND l.deleted_at IS NULL;
INSERT INTO stock_location (name, complete_name, usage, returns_of) SELECT 'Retours', w.code || '/Retours', 'internal', w.id
    FROM stock_warehouse w WHERE w.deleted_at IS NULL AND NOT EXISTS (SELECT FROM stock_location l WHERE l.returns_of = w.id) ORDER BY w.id;
ALTER TABLE stock_location ADD CONSTRAINT stock_location_an_internal_one_is_of_a_warehouse
    CHECK ((usage = 'internal') = (coalesce(warehouse_id, returns_of) IS NOT NULL));
CREATE UNIQUE INDEX stock_location_returns_of_key ON stock_location (returns_of) WHERE deleted_at IS NULL;
-- What is on its way back goes there too
WITH back AS MATERIALIZED (
    SELECT m.id, m.picking_id, m.product_id, m.name, m.manufacturer_ref, r.id AS location FROM stock_move m
    JOIN stock_location s ON s.id = m.location_dest_id JOIN stock_location r ON r.returns_of = s.warehouse_id
    WHERE m.origin_returned_move_id IS NOT NULL AND m.state NOT IN ('done', 'cancel') AND m.deleted_at IS NULL
), moves AS (
    UPDATE stock_move m SET location_dest_id = b.location FROM back b WHERE b.id = m.id
), pickings AS (
    UPDATE stock_picking p SET location_dest_id = b.location FROM back b WHERE b.picking_id = p.id
)
INSERT INTO stock_quant (product_id, product_name, manufacturer_ref, location_id)
    SELECT DISTINCT ON (product_id, location) product_id, name, manufacturer_ref, location FROM back ORDER BY product_id, location
    ON CONFLICT DO NOTHING;
