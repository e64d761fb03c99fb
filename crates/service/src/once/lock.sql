-- Locks a key (in hexadecimal digits) until the transaction ends, where nobody else has it.
SELECT pg_try_advisory_xact_lock(('x' || left($1, 16))::bit(64)::bigint) AS is_ours
