-- Why records may not be changed, where they may not.
SELECT frozen_because() AS why
