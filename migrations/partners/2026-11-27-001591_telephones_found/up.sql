-- Clients are found by a telephone, a code or a reference in one box with their names: where one of these has no index, all of them are
-- read. What a bank wrote of a client stands in its own row.
CREATE INDEX res_partner_phone_search ON res_partner USING gin (norm(phone) public.gin_trgm_ops);
CREATE INDEX res_partner_mobile_search ON res_partner USING gin (norm(mobile) public.gin_trgm_ops);
CREATE INDEX res_partner_code_pos_search ON res_partner USING gin (norm(code_pos) public.gin_trgm_ops);
CREATE INDEX res_partner_ref_search ON res_partner USING gin (norm(ref) public.gin_trgm_ops);
CREATE INDEX res_partner_bank_phone_search ON res_partner_bank USING gin (norm(phone) public.gin_trgm_ops);
CREATE INDEX res_partner_bank_mobile_search ON res_partner_bank USING gin (norm(mobile) public.gin_trgm_ops);
CREATE INDEX res_partner_bank_ref_search ON res_partner_bank USING gin (norm(ref) public.gin_trgm_ops);
