-- The number of the next purchase, which its name has.
SELECT nextval(pg_get_serial_sequence('purchase_order', 'id'))
