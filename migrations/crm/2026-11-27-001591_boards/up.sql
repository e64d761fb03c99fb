-- The first cards of each stage of a board, in their order
CREATE INDEX crm_lead_by_stage ON crm_lead (stage_id, priority DESC, id DESC) WHERE deleted_at IS NULL;
