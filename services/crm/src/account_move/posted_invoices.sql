-- Those of these that are posted invoices.
SELECT id FROM account_move WHERE state = 'posted' AND move_type = 'out_invoice' AND id = ANY ($1)
