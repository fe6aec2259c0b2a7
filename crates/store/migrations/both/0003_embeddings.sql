-- What the transformer said about a week: one row for each analysis that was asked for, and one for
-- each week that the pipeline embedded.
CREATE TABLE embeddings (
    person BIGINT NOT NULL REFERENCES persons (no) ON DELETE CASCADE,
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    week BIGINT NOT NULL,
    -- SHA-256 of the file of weights: embeddings of different models do not compare.
    model TEXT NOT NULL,
    -- A keyed hash of what was embedded and by which model, to find the same question again.
    input BYTEA NOT NULL,
    created_us BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (person, id)
);
CREATE INDEX embeddings_by_week ON embeddings (person, kind, model, week);
CREATE INDEX embeddings_by_input ON embeddings (person, kind, input);
