-- Banks, and whether they have this name, however it is written.
SELECT id, name, norm(replace(name, ' ', '')) = norm(replace($1, ' ', '')) AS is_named
FROM res_bank WHERE deleted_at IS NULL AND active
ORDER BY name LIMIT 500
