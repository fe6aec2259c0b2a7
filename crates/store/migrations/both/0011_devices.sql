-- Keys of devices that send health data. A key itself is never stored: its hash is keyed with a secret of the
-- master key and covers id, owner and scope, so that whoever can write to this table can neither make a key nor
-- move one to somebody else. The sealed secret is what signed bodies are checked with, bound in the same way.
CREATE TABLE devices (
    id UUID PRIMARY KEY,
    person BIGINT NOT NULL REFERENCES persons (no) ON DELETE CASCADE,
    scope TEXT NOT NULL,
    hash BYTEA NOT NULL,
    secret_sealed BYTEA NOT NULL,
    name_sealed BYTEA NOT NULL,
    created_us BIGINT NOT NULL,
    used_us BIGINT
);
CREATE INDEX devices_of_person ON devices (person);
