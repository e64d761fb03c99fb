-- One change of administrators at a time: two who go at once would each see the other stay.
SELECT pg_advisory_xact_lock(hashtext('administrators'))
