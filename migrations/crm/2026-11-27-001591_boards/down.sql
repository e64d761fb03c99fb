DROP INDEX crm_lead_by_stage;
