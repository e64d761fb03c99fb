-- The taxes that lines of history may name, the first one of a rate first.
SELECT json_build_object('id', id, 'rate', amount::text)::text FROM account_tax WHERE deleted_at IS NULL ORDER BY active DESC, sequence, id
