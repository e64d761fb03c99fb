-- Every Odoo's secret as it is kept: what it is bound to, and its text. An operator runs it, who looks into all schemas.
SELECT 'ek.odoo' AS bound_to, o.secret AS text FROM bridge.ek_odoo o WHERE o.secret IS NOT NULL AND o.deleted_at IS NULL
