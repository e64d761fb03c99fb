-- Overwrites what is kept of a client who is forgotten ($1), by whom ($2) and why ($3).
SELECT forget(ARRAY[$1]::bigint[], $2, $3)
