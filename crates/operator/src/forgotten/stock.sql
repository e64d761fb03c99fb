-- Forgets in stock who is on a list.
SELECT stock.forget(ARRAY[f.partner_id], f.actor, f.reason)
FROM jsonb_to_recordset($1::jsonb) AS f(partner_id bigint, actor bigint, reason text)
