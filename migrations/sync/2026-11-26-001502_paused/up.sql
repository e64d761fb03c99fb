-- Platforms that hear nothing for a while because somebody says so. A constant default rewrites no row; the release before goes on
-- beside it, and pauses nobody.
ALTER TABLE ek_platform ADD COLUMN paused boolean NOT NULL DEFAULT false;
CREATE INDEX ek_platform_paused ON ek_platform (id) WHERE paused;
