DROP TABLE login_known, login_failure, api_key, session, res_users, res_partner, res_partner_title, res_company, res_bank,
    res_country_state, res_country, res_currency;
