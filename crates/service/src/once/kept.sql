-- The answer that was kept under one of some keys (in hexadecimal digits) within the day.
SELECT payload, answer, matched
FROM idempotency
WHERE key = ANY(ARRAY(SELECT decode(k, 'hex') FROM unnest($1::text[]) k)) AND at > now() - interval '24 hours'
