-- Keys with which programs of a person ask the API. A key itself is never stored: its hash is keyed with a secret of the
-- master key and covers id, owner, scopes and times, so that whoever can write to this table can neither make a key nor
-- widen, move or lengthen one.
CREATE TABLE api_keys (
    id UUID PRIMARY KEY,
    person BIGINT NOT NULL REFERENCES persons (no) ON DELETE CASCADE,
    scopes TEXT NOT NULL,
    hash BYTEA NOT NULL,
    name_sealed BYTEA NOT NULL,
    created_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL,
    used_us BIGINT
);
CREATE INDEX api_keys_of_person ON api_keys (person);
