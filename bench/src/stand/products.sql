-- The first and the last of the products that are measured.
SELECT min(id) AS first, max(id) AS last
FROM catalog.product_template
WHERE manufacturer_ref LIKE 'BENCH-%'
