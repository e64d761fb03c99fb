-- What documents carry in Algeria to identify a business: trade register, tax numbers, article of taxation, bank account.
ALTER TABLE res_company
    ADD COLUMN rc text, ADD COLUMN nif text, ADD COLUMN nis text, ADD COLUMN ai text, ADD COLUMN rib text;
ALTER TABLE res_partner
    ADD COLUMN rc text, ADD COLUMN nif text, ADD COLUMN nis text, ADD COLUMN ai text, ADD COLUMN rib text;
