-- Those that were there, some at a time: whoever changes one of them waits for few.
DO $$
DECLARE
    last bigint := 0;
    upto bigint;
BEGIN
    LOOP
        SELECT max(id) INTO upto FROM (SELECT id FROM res_partner WHERE id > last ORDER BY id LIMIT 5000) t;
        EXIT WHEN upto IS NULL;
        UPDATE res_partner SET ref_odoo = 'res_partner_' || id WHERE id > last AND id <= upto AND ref_odoo IS NULL;
        COMMIT;
        last := upto;
    END LOOP;
END
$$;
