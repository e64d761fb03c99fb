-- Which record here a record of another Odoo is, and what was taken of it last: it stands with the record, written in its transaction.
-- `version` is the record's as the taking left it, `digest` of what was given; none of a person who was forgotten here since, of whom only
-- the ids stay, so that nobody brings them back. `of` is what it is a part of there: of a variant its template.
CREATE TABLE odoo_binding (
    source     text   NOT NULL CONSTRAINT odoo_binding_source_is_not_empty CHECK (source <> ''),
    model      text   NOT NULL,
    odoo_id    bigint NOT NULL,
    record_id  bigint NOT NULL,
    of         bigint,
    write_date timestamptz,
    version    bigint NOT NULL,
    digest     text,
    CONSTRAINT odoo_binding_odoo_id_key UNIQUE (source, model, odoo_id)
);
CREATE INDEX odoo_binding_record ON odoo_binding (model, record_id);
CREATE INDEX odoo_binding_of ON odoo_binding (source, model, of) WHERE of IS NOT NULL;
