-- Overwrites what is kept of clients who are forgotten ($1), and of their e-mails.
SELECT forget($1, $2)
