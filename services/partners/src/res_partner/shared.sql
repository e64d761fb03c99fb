-- Of partners, which are contacts of others, and which more banks than one know.
SELECT id, parent_id IS NOT NULL AS is_contact, cardinality(bank_ids) > 1 AS is_shared FROM res_partner WHERE id = ANY ($1)
