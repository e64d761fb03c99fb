-- Keeps which peer of the gateway was the last to name callers' addresses without being trusted to.
INSERT INTO login_forwarder (peer, at) VALUES (left($1, 64), now())
ON CONFLICT (is_the_only) DO UPDATE SET peer = excluded.peer, at = now()
