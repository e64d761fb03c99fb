-- The name of the installation whose data it is.
SELECT name
FROM installation
LIMIT 1
