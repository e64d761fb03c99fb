-- Which peer of the gateway named callers' addresses without being trusted to, within a day.
SELECT peer, to_char(at, 'YYYY-MM-DD HH24:MI') AS at FROM login_forwarder WHERE at > now() - interval '1 day'
