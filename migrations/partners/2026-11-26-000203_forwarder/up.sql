-- The last peer of the gateway that told of a caller's address without being trusted to: for whoever asks what is wrong.

CREATE TABLE login_forwarder (
    is_the_only boolean     PRIMARY KEY DEFAULT true CHECK (is_the_only),
    peer        text        NOT NULL,
    at          timestamptz NOT NULL
);
