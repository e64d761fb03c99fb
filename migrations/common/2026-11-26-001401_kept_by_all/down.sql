DROP PROCEDURE kept_by_all(regclass);
DROP INDEX audit_actor, audit_at, audit_number;
ALTER TABLE audit ADD PRIMARY KEY (id);
DROP VIEW ek_audit;
DROP FUNCTION service_number();
