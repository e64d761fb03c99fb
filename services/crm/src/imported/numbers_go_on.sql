-- The numbers of the next invoices and credit notes come after those of these ($1), in their form.
SELECT account_go_on($1)
