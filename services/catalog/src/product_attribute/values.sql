-- The values that are there of those that are named, each by its attribute ($1) and its name ($2).
SELECT r.attribute_id, r.name, v.id
FROM unnest($1::bigint[], $2::text[]) AS r (attribute_id, name)
JOIN product_attribute_value v ON v.attribute_id = r.attribute_id AND norm(v.name) = norm(r.name)
WHERE v.deleted_at IS NULL
