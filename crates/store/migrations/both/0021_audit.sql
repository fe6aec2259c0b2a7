-- Who read or changed the data of a person: one chain of entries for each person. An entry is sealed under the
-- person's key, and its hash covers the hash of the one before. The head says how far the chain goes and is bound under
-- the master key; where the entries before first went with an erasure, base is the hash of the last of them.
CREATE TABLE audit_heads (
    person BIGINT PRIMARY KEY REFERENCES persons (no) ON DELETE CASCADE,
    first BIGINT NOT NULL,
    base BYTEA NOT NULL,
    seq BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    bound BYTEA NOT NULL
);
CREATE TABLE audit (
    person BIGINT NOT NULL REFERENCES persons (no) ON DELETE CASCADE,
    seq BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (person, seq)
);
-- Now and then the server signs how far the chains of all persons go. Only the latest checkpoint keeps the heads
-- themselves; of the others their digest is enough.
CREATE TABLE audit_checkpoints (
    no BIGINT PRIMARY KEY,
    at_us BIGINT NOT NULL,
    heads BYTEA,
    digest BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    key_id TEXT NOT NULL,
    signature BYTEA NOT NULL
);
