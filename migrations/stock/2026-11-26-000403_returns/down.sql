-- What stands there keeps its place and its ledger; for the release before it is a place that sells nothing.
ALTER TABLE stock_location DROP CONSTRAINT stock_location_an_internal_one_is_of_a_warehouse;
UPDATE stock_location SET usage = 'transit' WHERE returns_of IS NOT NULL;
ALTER TABLE stock_location DROP COLUMN returns_of;
ALTER TABLE stock_location ADD CONSTRAINT stock_location_an_internal_one_is_of_a_warehouse CHECK ((usage = 'internal') = (warehouse_id IS NOT NULL));
