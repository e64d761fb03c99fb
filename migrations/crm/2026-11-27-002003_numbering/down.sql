DROP FUNCTION account_go_on(bigint[]);
DROP FUNCTION account_sequence_of(text);
DROP FUNCTION account_period(text, date);
DROP FUNCTION account_form(text, date);
DROP TABLE account_numbering;
