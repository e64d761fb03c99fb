-- The credit notes of these invoices that are newer than one.
SELECT id FROM account_move WHERE move_type = 'out_refund' AND reversed_entry_id = ANY ($1) AND id > $2 ORDER BY id
