-- Makes the database an installation's; tells whose it was.
WITH before AS (
    SELECT name FROM installation
),
now AS (
    INSERT INTO installation (name)
    VALUES ($1)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name
    RETURNING name
)
SELECT before.name
FROM now
LEFT JOIN before ON true
