-- The e-mails that forgotten clients had.
SELECT partner_id, email FROM res_partner_forgotten WHERE partner_id = ANY ($1)
