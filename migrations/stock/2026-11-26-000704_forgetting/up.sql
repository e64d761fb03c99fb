-- Overwrites the notes of transfers of clients who are forgotten.
CREATE FUNCTION forget(_partners bigint[], _actor bigint, _reason text) RETURNS void
    LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    _pickings bigint[] := (SELECT coalesce(array_agg(id), '{}') FROM stock_picking WHERE partner_id = ANY (_partners) AND note IS NOT NULL);
BEGIN
    UPDATE stock_picking SET note = NULL, version = version + 1, write_uid = _actor, write_date = now() WHERE id = ANY (_pickings);
    PERFORM audit_forget('stock.picking', _pickings, '{note}', _actor, _reason);
END
$$;
