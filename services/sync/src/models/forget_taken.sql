-- Platforms are told as those that have taken nothing of some kinds: products before what is of them.
UPDATE ek_sent
SET taken = false
WHERE platform_id = ANY($1) AND kind = ANY($2)
