-- Forgets in sync who is on a list, by the e-mails that partners keeps of them.
SELECT sync.forget(
    ARRAY[f.partner_id],
    ARRAY(SELECT p.email FROM partners.res_partner_forgotten p WHERE p.partner_id = f.partner_id AND p.email IS NOT NULL)
)
FROM jsonb_to_recordset($1::jsonb) AS f(partner_id bigint)
