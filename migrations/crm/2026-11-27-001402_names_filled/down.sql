-- The column goes with the migration before
SELECT;
