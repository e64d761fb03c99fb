DROP FUNCTION forget(bigint[], bigint, text);
