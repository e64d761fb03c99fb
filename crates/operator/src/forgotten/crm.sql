-- Forgets in crm who is on a list.
SELECT crm.forget(ARRAY[f.partner_id], f.actor, f.reason)
FROM jsonb_to_recordset($1::jsonb) AS f(partner_id bigint, actor bigint, reason text)
