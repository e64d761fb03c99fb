-- Keeps refused requests, of each user so many within an hour; of all that are kept the oldest go.
WITH old AS (
    DELETE FROM ek_request
    WHERE id IN (
        SELECT id FROM ek_request
        WHERE id <= (SELECT max(id) FROM ek_request) - $2
        ORDER BY id
        LIMIT $3
    )
),
sent AS (
    SELECT r.*, row_number() OVER (PARTITION BY r.login) AS nth
    FROM jsonb_populate_recordset(NULL::ek_request, $1::jsonb) r
    WHERE r.login IS NOT NULL
)
INSERT INTO ek_request (at, method, path, login, bank_id, status, error, message, reference, ek_order_id, email, trace_id, sealed_body)
SELECT at, method, path, login, bank_id, status, error, message, reference, ek_order_id, email, trace_id, sealed_body
FROM sent
WHERE nth + (SELECT count(*) FROM ek_request k WHERE k.login = sent.login AND k.at > now() - interval '1 hour') <= $4
