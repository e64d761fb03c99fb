ALTER TABLE ek_platform DROP COLUMN paused;
