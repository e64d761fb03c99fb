-- Gives the database an installation's name, where it has none.
INSERT INTO installation (name)
VALUES ($1)
ON CONFLICT DO NOTHING
