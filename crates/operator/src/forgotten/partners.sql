-- Forgets in partners who is on a list.
SELECT partners.forget(f.partner_id, f.actor, f.reason, f.keep_until)
FROM jsonb_to_recordset($1::jsonb) AS f(partner_id bigint, actor bigint, reason text, keep_until date)
