-- Whether the database answers.
SELECT 'there'
