-- The next numbers of a journal ($1), one for each of these documents ($2), in the year that it is in Algiers; the form that its names
-- have there, and the day. Whoever wants the numbers after them waits for this transaction's end.
WITH today AS (
    SELECT (now() AT TIME ZONE 'Africa/Algiers')::date AS day
),
named AS (
    SELECT d.day, coalesce(n.form, $1::text || '/{y4}/{n}') AS form, coalesce(n.width, 5) AS width
    FROM today d LEFT JOIN account_numbering n ON n.journal = $1::text
),
taken AS (
    INSERT INTO account_sequence (journal, year, last)
    SELECT account_sequence_of(form), account_period(form, day), cardinality($2::bigint[]) FROM named
    ON CONFLICT (journal, year) DO UPDATE SET last = account_sequence.last + excluded.last
    RETURNING last
)
SELECT
    t.last - cardinality($2::bigint[]) + 1 AS first,
    replace(replace(replace(n.form, '{y4}', to_char(n.day, 'YYYY')), '{y2}', to_char(n.day, 'YY')), '{m}', to_char(n.day, 'MM')) AS form,
    n.width, n.day
FROM taken t, named n
