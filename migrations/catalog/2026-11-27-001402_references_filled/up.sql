-- Those that were there, some at a time: whoever changes one of them waits for few.
DO $$
DECLARE
    of_table record;
    last     bigint;
    upto     bigint;
BEGIN
    FOR of_table IN SELECT * FROM (VALUES ('product_master', 'rc_'), ('product_template', 'rc_variante')) v(name, before) LOOP
        last := 0;
        LOOP
            EXECUTE format('SELECT max(id) FROM (SELECT id FROM %I WHERE id > $1 ORDER BY id LIMIT 5000) t', of_table.name)
                INTO upto USING last;
            EXIT WHEN upto IS NULL;
            EXECUTE format('UPDATE %I SET ref_odoo = $1 || id WHERE id > $2 AND id <= $3 AND ref_odoo IS NULL', of_table.name)
                USING of_table.before, last, upto;
            COMMIT;
            last := upto;
        END LOOP;
    END LOOP;
END
$$;
