-- With the triggers of all tables
DROP PROCEDURE record_watch;
DROP FUNCTION record_stamp, record_created, record_changed, record_no_truncate CASCADE;
DROP FUNCTION record_told;
