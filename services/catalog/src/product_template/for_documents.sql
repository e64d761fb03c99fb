-- The configurations of these references ($1) and ids ($2), with what a document copies of them. The price is what the declaration makes of
-- the margins, the central one ($3), that of furniture ($4) and that of all else ($5); a test holds that it is.
SELECT json_build_object('id', t.id, 'manufacturer_ref', t.manufacturer_ref, 'name', t.name, 'active', t.active,
    'selling_price', (CASE
        WHEN t.list_price > 0 THEN t.list_price
        ELSE round(round(t.standard_price * $3::numeric, 2) * CASE WHEN EXISTS (
            SELECT FROM product_master m
            JOIN product_category c0 ON c0.id = m.categ_id
            LEFT JOIN product_category c1 ON c1.id = c0.parent_id
            LEFT JOIN product_category c2 ON c2.id = c1.parent_id
            WHERE m.id = t.master_product AND concat_ws(' ', norm(c0.name), norm(c1.name), norm(c2.name)) LIKE '%meubles%'
        ) THEN $4::numeric ELSE $5::numeric END, 2)
    END)::text,
    'tax', coalesce(t.taxes_id[1], (
        SELECT c.taxes_id[1] FROM product_master m JOIN product_category c ON c.id = m.categ_id WHERE m.id = t.master_product
    ))
)::text
FROM product_template t
WHERE t.deleted_at IS NULL AND (t.manufacturer_ref = ANY ($1) OR t.id = ANY ($2))
