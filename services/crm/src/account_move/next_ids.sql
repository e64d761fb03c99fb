-- An id for each of these documents: what refers to one can be stored before it.
SELECT nextval(pg_get_serial_sequence('account_move', 'id')) FROM unnest($1::bigint[])
