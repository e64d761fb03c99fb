-- A point of sale that is archived or BLOCKED takes nothing new. Which ones are, the service asks partners for at its start: their
-- version is 0 until then.
ALTER TABLE stock_warehouse ADD COLUMN closed boolean NOT NULL DEFAULT false, ADD COLUMN partner_version bigint NOT NULL DEFAULT 0;
ALTER TABLE stock_quant ADD COLUMN closed boolean NOT NULL DEFAULT false;
