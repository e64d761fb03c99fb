-- Where each feed stood when the platform was named, as JSON: it hears of what came after. It may be there: for a while the
-- migration before made it.
ALTER TABLE ek_platform ADD COLUMN IF NOT EXISTS since text;
