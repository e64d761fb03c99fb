DROP FUNCTION too_much(text);
