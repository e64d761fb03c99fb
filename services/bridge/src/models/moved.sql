-- Which of these Odoos ($1) are at another address ($2), database ($3) or login ($4) than is said now; unset is not said.
SELECT o.id
FROM ek_odoo o
WHERE o.id = ANY ($1) AND (o.base_url <> coalesce($2, o.base_url) OR o.db <> coalesce($3, o.db) OR o.login <> coalesce($4, o.login))
