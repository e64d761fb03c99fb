-- Remembers from where ($1) somebody has logged in.
INSERT INTO login_known AS k (scope, at) VALUES ($1, now())
ON CONFLICT (scope) DO UPDATE SET at = now() WHERE k.at < now() - interval '1 day'
