-- Keeps an answer under a key (in hexadecimal digits).
INSERT INTO idempotency (key, payload, answer, matched)
VALUES (decode($1, 'hex'), $2, $3, $4)
ON CONFLICT (key) DO UPDATE SET
    payload = excluded.payload,
    answer = excluded.answer,
    matched = excluded.matched,
    at = now()
