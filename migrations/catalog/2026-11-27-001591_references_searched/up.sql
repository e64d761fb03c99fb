-- The hub's references are kept, and searched where they are kept: without this every search for a product read all of them. The release
-- before searches those that it makes of the ids, by indexes that go with the next one.
CREATE INDEX product_master_ref_odoo_search ON product_master USING gin (norm(ref_odoo) public.gin_trgm_ops);
CREATE INDEX product_template_ref_odoo_search ON product_template USING gin (norm(ref_odoo) public.gin_trgm_ops);
