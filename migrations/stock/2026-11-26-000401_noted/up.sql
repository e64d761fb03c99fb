-- A count stands on what was there when it was noted: the difference, and the last row of the ledger then. That a quantity was noted
-- on a move is something else than its being zero.
ALTER TABLE stock_quant ADD COLUMN inventory_diff_quantity numeric, ADD COLUMN inventory_last_line bigint;
ALTER TABLE stock_move ADD COLUMN picked boolean NOT NULL DEFAULT false;
