-- What people want to reach, a sealed document each.
CREATE TABLE goals (
    person BIGINT NOT NULL REFERENCES persons (no) ON DELETE CASCADE,
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (person, id)
);
