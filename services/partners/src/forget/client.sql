-- Overwrites what is kept of a client, and tells the others; a point of sale stays.
SELECT p.id FROM res_partner p CROSS JOIN LATERAL forget(p.id, $2, $3, $4::date) WHERE NOT p.is_pos AND p.id = $1
