DROP TRIGGER account_tax_as_it_was ON account_tax;
DROP TRIGGER sale_order_as_it_was ON sale_order;
DELETE FROM formerly WHERE relation IN ('sale_order', 'account_tax');
ALTER TABLE account_tax DROP COLUMN invoice_legal_notes;
ALTER TABLE account_move DROP COLUMN reason;
