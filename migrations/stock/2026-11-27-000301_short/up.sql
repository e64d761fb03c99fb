-- What orders wait for, wherever it is, as one list: few of all moves. What `stock.move` calls `short`, word for word.
CREATE INDEX stock_move_short ON stock_move
    ((CASE WHEN state IN ('confirmed', 'partially_available', 'assigned') AND sale_id IS NOT NULL AND origin_returned_move_id IS NULL
        THEN product_uom_qty - reserved_availability ELSE 0 END))
    WHERE (CASE WHEN state IN ('confirmed', 'partially_available', 'assigned') AND sale_id IS NOT NULL AND origin_returned_move_id IS NULL
        THEN product_uom_qty - reserved_availability ELSE 0 END) > 0;
-- How few they are the planner can't know from a part of the table: it would walk the primary key until it has a page full
CREATE STATISTICS stock_move_short_counted ON
    (CASE WHEN state IN ('confirmed', 'partially_available', 'assigned') AND sale_id IS NOT NULL AND origin_returned_move_id IS NULL
        THEN product_uom_qty - reserved_availability ELSE 0 END) FROM stock_move;
