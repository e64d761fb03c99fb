-- Throws away the e-mails that sync has looked for: it has read the event.
UPDATE res_partner_forgotten f SET email = NULL
WHERE f.email IS NOT NULL AND NOT EXISTS (
    SELECT FROM event e
    WHERE e.model = 'res.partner' AND e.record_id = f.partner_id AND e.payload ? 'forgotten'
        AND (e.pos IS NULL OR e.pos > coalesce((SELECT r.pos FROM feed_reader r WHERE r.name = 'sync'), 0))
)
