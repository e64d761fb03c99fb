-- Whose data this is, written by the first process that pushes. A copy takes it along, a standby has it too.
CREATE TABLE installation (
    id   smallint PRIMARY KEY DEFAULT 1 CONSTRAINT installation_is_one CHECK (id = 1),
    name text NOT NULL
);
