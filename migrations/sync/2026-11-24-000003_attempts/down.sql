DROP INDEX ek_delivery_webhook;
CREATE INDEX ek_delivery_done ON ek_delivery (done_at) WHERE state = 'done';
ALTER TABLE ek_delivery RESET (autovacuum_vacuum_scale_factor, autovacuum_analyze_scale_factor);
DROP TABLE ek_attempt;
