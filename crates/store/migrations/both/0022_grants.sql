-- What a person lets another account read, and until when. The columns that decide are bound under the master key, so
-- that whoever can write to this table can neither make a grant nor widen, move or lengthen one. What the person said of
-- it (whom they meant, and what for) is sealed under their key.
CREATE TABLE grants (
    id UUID PRIMARY KEY,
    person BIGINT NOT NULL REFERENCES persons (no) ON DELETE CASCADE,
    reader BIGINT NOT NULL REFERENCES persons (no) ON DELETE CASCADE,
    scopes TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    bound BYTEA NOT NULL
);
CREATE INDEX grants_of_person ON grants (person);
CREATE INDEX grants_of_reader ON grants (reader);
