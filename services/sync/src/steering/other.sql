-- Those of these platforms ($1) that are not paused, or not going on, as is wanted ($2: 1 or 0).
SELECT id
FROM ek_platform
WHERE id = ANY($1) AND paused <> ($2 = 1)
