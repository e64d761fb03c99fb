CREATE OR REPLACE FUNCTION forget(_partners bigint[], _emails text[]) RETURNS void
    LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE ek_request SET email = NULL, message = '', reference = NULL WHERE lower(email) = ANY (_emails);
    DELETE FROM ek_sent WHERE kind = 'client' AND record_id = ANY (_partners);
    UPDATE ek_attempt a SET error = NULL FROM ek_delivery d
        WHERE d.id = a.delivery_id AND d.model = 'res.partner' AND d.record_id = ANY (_partners) AND a.error IS NOT NULL;
    UPDATE ek_delivery SET last_error = NULL WHERE model = 'res.partner' AND record_id = ANY (_partners) AND last_error IS NOT NULL;
END
$$;
ALTER TABLE ek_request DROP COLUMN sealed_body;
ALTER TABLE ek_attempt DROP COLUMN answer, DROP COLUMN why, DROP COLUMN sealed_body;
