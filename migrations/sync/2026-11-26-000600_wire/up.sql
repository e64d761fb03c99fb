-- What was on the wire, and what waits for its cause. No table is rewritten, and the release before goes on beside it.
ALTER TABLE ek_delivery
    -- The digest of the call that was made last, by the platform's secret; `webhook_id` is the one that it bore
    ADD COLUMN sent text,
    ADD COLUMN sent_version bigint,
    -- The reference of what the platform has to take first
    ADD COLUMN waits_for text;
ALTER TABLE ek_sent
    ADD COLUMN version bigint,
    -- False since a full sync, until it is taken again: what was sent is not forgotten with it
    ADD COLUMN taken boolean NOT NULL DEFAULT true;
ALTER TABLE ek_attempt ADD COLUMN webhook_id text;
