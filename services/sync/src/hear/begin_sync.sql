-- Work on many records, for all platforms; the bank that caused it ($3) does not hear of it.
INSERT INTO ek_sync (kind, verb, filter, cause)
VALUES ($1, 'PUT', $2, $3)
