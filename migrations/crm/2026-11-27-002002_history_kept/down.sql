-- What was looked at stays looked at.
SELECT 1;
