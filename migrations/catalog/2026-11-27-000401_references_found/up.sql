-- Products are looked for by their references too: without an index for each, one of a search's fields is a scan for all of them.
CREATE INDEX product_master_ref_search ON product_master USING gin (norm(ref) public.gin_trgm_ops);
CREATE INDEX product_master_fab_name_search ON product_master USING gin (norm(fab_name) public.gin_trgm_ops);
CREATE INDEX product_template_manufacturer_ref_search ON product_template USING gin (norm(manufacturer_ref) public.gin_trgm_ops);
CREATE INDEX product_template_barcode_search ON product_template USING gin (norm(barcode) public.gin_trgm_ops);
CREATE INDEX product_template_default_code_search ON product_template USING gin (norm(default_code) public.gin_trgm_ops);
-- Word for word what the declarations compute
CREATE INDEX product_master_hub_reference_search ON product_master USING gin (norm('rc_' || id) public.gin_trgm_ops);
CREATE INDEX product_template_hub_reference_search ON product_template USING gin (norm('rc_variante' || id) public.gin_trgm_ops);
