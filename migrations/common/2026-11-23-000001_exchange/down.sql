DROP TABLE idempotency, audit, feed_reader, feed, event, record;
DROP FUNCTION audit_append_only, event_keep_partitions, event_stamp, feed_cluster, norm_pattern, norm;
DROP SEQUENCE event_seq;
