-- Remembers records as they are now.
INSERT INTO ek_known
SELECT * FROM jsonb_populate_recordset(NULL::ek_known, $1::jsonb)
ON CONFLICT (model, record_id) DO UPDATE SET active = excluded.active, content = excluded.content
