DROP FUNCTION forget(bigint[], text[]);
