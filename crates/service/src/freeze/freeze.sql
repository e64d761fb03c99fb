-- Freezes records for what comes from an Odoo ($1), because of ($2); none: it is over.
SELECT freeze($1, $2)
