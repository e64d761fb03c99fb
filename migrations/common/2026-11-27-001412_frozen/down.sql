DROP FUNCTION freeze(text, text);
DROP FUNCTION frozen_because();
DROP TABLE frozen;
