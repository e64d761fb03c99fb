-- Ends a statement whose answer would be too much, before it is made. What it says goes to the client.

CREATE FUNCTION too_much(what text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'too much: %', what;
END
$$;
