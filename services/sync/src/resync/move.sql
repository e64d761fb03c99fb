-- A chunk of a sync ($1) was told, from after one record ($2) to another ($3); where there was none any more it is done.
UPDATE ek_sync
SET write_date = now(),
    version = version + 1,
    after = $3,
    told = told + $4,
    state = CASE WHEN $4 = 0 THEN 'done' ELSE 'running' END,
    error = NULL
WHERE id = $1 AND state IN ('running', 'parked') AND after = $2
