-- Orders are found by their numbers, by their point of sale and by what they lack.

-- Word for word what the declaration computes
CREATE INDEX sale_order_name ON sale_order (('S' || lpad(id::text, greatest(5, length(id::text)), '0')));
CREATE INDEX sale_order_name_search ON sale_order
    USING gin (norm('S' || lpad(id::text, greatest(5, length(id::text)), '0')) public.gin_trgm_ops);
CREATE INDEX sale_order_by_place ON sale_order (bank_id, code_pos, date_order DESC, id DESC) WHERE deleted_at IS NULL;

-- What is reserved and short of an order, kept beside its lines: summed for each order, a filter or an order by it reads all lines there
-- are. The trigger keeps it under whichever release writes the lines; it is no change of the record.
ALTER TABLE sale_order ADD COLUMN reserved numeric NOT NULL DEFAULT 0, ADD COLUMN short numeric NOT NULL DEFAULT 0;
CREATE FUNCTION sale_order_served() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    -- New lines have nothing yet
    IF TG_OP = 'INSERT' AND NOT EXISTS (SELECT FROM changed WHERE reserved <> 0 OR short <> 0) THEN
        RETURN NULL;
    END IF;
    UPDATE sale_order o SET reserved = s.reserved, short = s.short
    FROM (
        SELECT l.order_id, coalesce(sum(l.reserved) FILTER (WHERE l.deleted_at IS NULL), 0) AS reserved,
            coalesce(sum(l.short) FILTER (WHERE l.deleted_at IS NULL), 0) AS short
        FROM sale_order_line l WHERE l.order_id IN (SELECT order_id FROM changed) GROUP BY l.order_id
    ) s
    WHERE o.id = s.order_id AND (o.reserved, o.short) IS DISTINCT FROM (s.reserved, s.short);
    RETURN NULL;
END
$$;
CREATE TRIGGER sale_order_served_by_new AFTER INSERT ON sale_order_line REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION sale_order_served();
CREATE TRIGGER sale_order_served AFTER UPDATE ON sale_order_line REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION sale_order_served();
UPDATE sale_order o SET reserved = s.reserved, short = s.short
FROM (SELECT order_id, sum(reserved) AS reserved, sum(short) AS short FROM sale_order_line WHERE deleted_at IS NULL GROUP BY order_id) s
WHERE o.id = s.order_id AND (s.reserved <> 0 OR s.short <> 0);
-- What people order the list by
CREATE INDEX sale_order_short ON sale_order (short DESC, id) WHERE deleted_at IS NULL;
CREATE INDEX sale_order_amount ON sale_order (amount_total DESC, id) WHERE deleted_at IS NULL;
