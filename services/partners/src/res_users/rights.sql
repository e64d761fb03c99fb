-- What these users are and may do, as a text that differs where that does.
SELECT id, ROW (login, password, role, bank_id, hub_admin, integration, active)::text AS rights FROM res_users WHERE id = ANY ($1)
