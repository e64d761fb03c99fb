DROP STATISTICS stock_move_short_counted;
DROP INDEX stock_move_short;
