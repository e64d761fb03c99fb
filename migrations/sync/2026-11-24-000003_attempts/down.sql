ALTER TABLE ek_delivery RESET (autovacuum_vacuum_scale_factor, autovacuum_analyze_scale_factor);
DROP TABLE ek_attempt;
