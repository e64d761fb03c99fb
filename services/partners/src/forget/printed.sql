-- Throws away what invoices printed of forgotten clients, when its time is over.
DELETE FROM formerly p
USING res_partner_forgotten f
WHERE f.keep_until < current_date AND (
    (p.relation = 'res_partner' AND p.record_id = f.partner_id)
    OR (p.relation = 'res_partner_bank' AND p.record_id IN (SELECT r.id FROM res_partner_bank r WHERE r.partner_id = f.partner_id))
)
