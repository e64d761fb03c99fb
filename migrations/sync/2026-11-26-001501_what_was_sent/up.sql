-- What platforms were sent and answered, and what was refused at the doors: bodies are encrypted, and emptied after seven days. No table
-- is rewritten, and the release before goes on beside it; the indexes are empty when they are made.
ALTER TABLE ek_attempt
    ADD COLUMN answer text,
    ADD COLUMN why text,
    ADD COLUMN sealed_body text;
ALTER TABLE ek_request ADD COLUMN sealed_body text;
CREATE INDEX ek_attempt_body ON ek_attempt (id) WHERE sealed_body IS NOT NULL;
CREATE INDEX ek_request_body ON ek_request (id) WHERE sealed_body IS NOT NULL;

-- Overwrites what is kept of clients who are forgotten: what was refused of theirs, what platforms were told of them and answered.
CREATE OR REPLACE FUNCTION forget(_partners bigint[], _emails text[]) RETURNS void
    LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE ek_request SET email = NULL, message = '', reference = NULL, sealed_body = NULL WHERE lower(email) = ANY (_emails);
    DELETE FROM ek_sent WHERE kind = 'client' AND record_id = ANY (_partners);
    UPDATE ek_attempt a SET error = NULL, answer = NULL, sealed_body = NULL FROM ek_delivery d
        WHERE d.id = a.delivery_id AND d.model = 'res.partner' AND d.record_id = ANY (_partners)
            AND (a.error IS NOT NULL OR a.answer IS NOT NULL OR a.sealed_body IS NOT NULL);
    UPDATE ek_delivery SET last_error = NULL WHERE model = 'res.partner' AND record_id = ANY (_partners) AND last_error IS NOT NULL;
END
$$;
