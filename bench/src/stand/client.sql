-- The first of the clients that are measured.
SELECT min(id) AS n
FROM partners.res_partner
WHERE email LIKE 'client-%@bench.example'
