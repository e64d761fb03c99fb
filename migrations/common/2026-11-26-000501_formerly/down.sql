DROP FUNCTION as_it_was(text, bigint, timestamptz);
DROP FUNCTION keep_as_it_was();
DROP TABLE formerly;
