-- Those that were there, some at a time: whoever changes one of them waits for few.
DO $$
DECLARE
    last bigint := 0;
    upto bigint;
BEGIN
    LOOP
        SELECT max(id) INTO upto FROM (SELECT id FROM sale_order WHERE id > last ORDER BY id LIMIT 5000) t;
        EXIT WHEN upto IS NULL;
        UPDATE sale_order SET name = document_name('S', id) WHERE id > last AND id <= upto AND name IS NULL;
        COMMIT;
        last := upto;
    END LOOP;
END
$$;
