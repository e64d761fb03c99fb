-- Locks the contact of $1 that came with the same content, by the hash of it; one whose hash was dropped is known by what tells a contact
-- from another. Two banks that write the same contact have one each: $3 is the bank, where one writes.
SELECT id, post_hash, active, bank_ids FROM res_partner
WHERE deleted_at IS NULL AND NOT is_pos AND parent_id = $1 AND ($3::bigint IS NULL OR bank_ids @> ARRAY [$3::bigint])
    AND (post_hash = ANY ($2)
        OR post_hash IS NULL AND coalesce(name, '') = $4 AND coalesce(email, '') = $5 AND coalesce(phone, '') = $6
            AND coalesce(street, '') = $7 AND type = $8)
ORDER BY post_hash IS NULL, id LIMIT 1
FOR UPDATE
