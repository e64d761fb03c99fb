-- The next numbers of a journal, one for each of these documents, in the year that it is in Algiers; and the day.
-- Whoever wants the numbers after them waits for this transaction's end.
WITH today AS (SELECT (now() AT TIME ZONE 'Africa/Algiers')::date AS day)
INSERT INTO account_sequence (journal, year, last)
SELECT $1, extract(year FROM day)::bigint, cardinality($2::bigint[]) FROM today
ON CONFLICT (journal, year) DO UPDATE SET last = account_sequence.last + excluded.last
RETURNING last - cardinality($2::bigint[]) + 1 AS first, year, (now() AT TIME ZONE 'Africa/Algiers')::date AS day
