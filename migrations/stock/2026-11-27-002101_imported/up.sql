-- What comes from another system. Of its orders the lines that were shipped, came back or were put aside there are kept here, beside the
-- moves: what was put aside there counts until this service takes it over.
CREATE TABLE order_settled (
    line_id    bigint PRIMARY KEY,
    order_id   bigint NOT NULL,
    delivered  numeric NOT NULL CONSTRAINT order_settled_delivered_is_not_negative CHECK (delivered >= 0),
    returned   numeric NOT NULL CONSTRAINT order_settled_returned_is_not_negative CHECK (returned >= 0),
    reserved   numeric NOT NULL CONSTRAINT order_settled_reserved_is_not_negative CHECK (reserved >= 0),
    taken_over boolean NOT NULL DEFAULT false
);
CREATE INDEX order_settled_order ON order_settled (order_id);

-- A move that came from there and gets no goods before the cut-over
ALTER TABLE stock_move ADD COLUMN held boolean NOT NULL DEFAULT false;
CREATE INDEX stock_move_held ON stock_move (product_id, location_id) WHERE held;

-- What of a purchase's line was received there
ALTER TABLE purchase_order_line ADD COLUMN qty_received_before numeric NOT NULL DEFAULT 0
    CONSTRAINT purchase_order_line_qty_received_before_is_not_negative CHECK (qty_received_before >= 0);

-- Where the ledger ended when a quantity was last brought from there: what moved since moved here
CREATE TABLE quantity_brought (
    quant_id  bigint PRIMARY KEY REFERENCES stock_quant,
    source    text   NOT NULL,
    last_line bigint NOT NULL
);
