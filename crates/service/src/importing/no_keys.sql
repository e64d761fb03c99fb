-- Nobody has the natural keys of records ($1) that have none.
SELECT n, NULL::bigint AS record_id, n AS first FROM jsonb_to_recordset($1::jsonb) AS r(n bigint) WHERE false
