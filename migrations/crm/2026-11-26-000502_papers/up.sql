-- Why a credit note was made
ALTER TABLE account_move ADD COLUMN reason text;
-- The words that the law wants on an invoice with this tax
ALTER TABLE account_tax ADD COLUMN invoice_legal_notes text;
UPDATE account_tax SET invoice_legal_notes = 'Exonéré de TVA, articles 8 à 13 du code des taxes sur le chiffre d''affaires.' WHERE amount = 0;

-- Where goods are delivered, and the law's words, stay on paper as they were
CREATE TRIGGER sale_order_as_it_was AFTER UPDATE ON sale_order FOR EACH ROW EXECUTE FUNCTION keep_as_it_was(
    'delivery_street', 'delivery_street2', 'delivery_state');
CREATE TRIGGER account_tax_as_it_was AFTER UPDATE ON account_tax FOR EACH ROW EXECUTE FUNCTION keep_as_it_was('invoice_legal_notes');
