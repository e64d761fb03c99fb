-- What papers print of the company, whose rows name no partner, and of partners, as they were at a paper's moment; as they are now where it
-- has none, and where a client was forgotten since and no posted paper keeps it. An empty text is one that was unset.
WITH asked AS (
    SELECT a.paper, a.partner, a.bank,
        CASE WHEN a.posted OR NOT EXISTS (SELECT FROM res_partner_forgotten f WHERE f.partner_id = a.partner) THEN a.at END AS at
    FROM jsonb_to_recordset($1::jsonb) AS a (paper bigint, partner bigint, at timestamptz, bank bigint, posted boolean)
)
SELECT json_strip_nulls(json_build_object('paper', a.paper, 'party', json_build_object(
    'name', p.name, 'email', p.email, 'street', nullif(p.street, ''), 'street2', nullif(p.street2, ''), 'zip', nullif(p.zip, ''),
    'city', nullif(p.city, ''), 'phone', nullif(p.phone, ''), 'rc', nullif(p.rc, ''), 'nif', nullif(p.nif, ''),
    'nis', nullif(p.nis, ''), 'ai', nullif(p.ai, ''), 'legal_form', p.legal_form, 'capital', p.capital::text,
    'activity', p.activity, 'rib', p.rib, 'payment_method', p.payment_method, 'payment_days', p.payment_days,
    'country', (SELECT coalesce(c.name_fr, c.name) FROM res_country c WHERE c.id = p.country_id)
)))::text
FROM asked a
JOIN res_company t ON t.id = 1
CROSS JOIN LATERAL jsonb_populate_record(t, as_it_was('res_company', t.id, a.at)) p
WHERE a.partner IS NULL
UNION ALL
SELECT json_strip_nulls(json_build_object('paper', a.paper, 'partner', a.partner, 'party', json_build_object(
    'name', p.name, 'email', p.email, 'street', nullif(s.street, ''), 'street2', nullif(s.street2, ''), 'zip', nullif(s.zip, ''),
    'city', nullif(s.city, ''), 'phone', nullif(s.phone, ''), 'mobile', nullif(s.mobile, ''), 'rc', nullif(s.rc, ''),
    'nif', nullif(s.nif, ''), 'nis', nullif(s.nis, ''), 'ai', nullif(s.ai, ''), 'code_pos', p.code_pos,
    'state', (SELECT w.name FROM res_country_state w WHERE w.id = s.state_id),
    'country', (SELECT coalesce(c.name_fr, c.name) FROM res_country c WHERE c.id = s.country_id)
)))::text
FROM asked a
JOIN res_partner t ON t.id = a.partner
CROSS JOIN LATERAL jsonb_populate_record(t, as_it_was('res_partner', t.id, a.at)) p
-- The row of the paper's bank, or else of the first bank
LEFT JOIN LATERAL (
    SELECT x.*
    FROM res_partner_bank r
    CROSS JOIN LATERAL jsonb_populate_record(r, as_it_was('res_partner_bank', r.id, a.at)) x
    WHERE r.partner_id = t.id AND (a.bank IS NULL OR r.bank_id = a.bank) AND r.create_date <= a.at
        AND (r.deleted_at IS NULL OR r.deleted_at > a.at)
    ORDER BY r.id LIMIT 1
) b ON true
CROSS JOIN LATERAL (
    SELECT jsonb_strip_nulls(to_jsonb(p)) AS clients, coalesce(jsonb_strip_nulls(to_jsonb(b)), '{}') AS banks
) said
-- What is said of the client: on a bank's papers that comes first which the bank wrote, else what the client's own row has
CROSS JOIN LATERAL jsonb_populate_record(NULL::res_partner_bank, CASE
    WHEN a.bank IS NULL THEN said.banks || said.clients
    WHEN b.joined THEN said.banks
    ELSE said.clients || said.banks
END) s
