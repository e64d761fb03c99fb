-- How far this owner has come in others' feeds: moved in the transaction that holds the events' effect.
CREATE TABLE feed_cursor (
    feed text        PRIMARY KEY,
    pos  bigint      NOT NULL DEFAULT 0,
    at   timestamptz NOT NULL DEFAULT now()
);

-- Events that could not have their effect, put aside so that the others go on.
CREATE TABLE feed_parked (
    feed      text        NOT NULL,
    pos       bigint      NOT NULL,
    model     text        NOT NULL,
    record_id bigint      NOT NULL,
    error     text        NOT NULL,
    at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (feed, pos)
);
