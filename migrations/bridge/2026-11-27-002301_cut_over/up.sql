-- Whether nobody but the bridge changes the hub's records from the first import to the cut-over, and when that was.
ALTER TABLE ek_odoo ADD COLUMN freezes boolean NOT NULL DEFAULT true, ADD COLUMN cut_over timestamptz;
