-- Locks a client.
SELECT id FROM res_partner WHERE id = $1 FOR UPDATE
