-- Erasures that were ordered, until and after nothing of them is left in the files. A row names no table of persons,
-- as it outlives an account; the sealed column says how much was erased, and holds the other columns together.
CREATE TABLE erasures (
    id UUID PRIMARY KEY,
    user_id UUID NOT NULL,
    what TEXT NOT NULL,
    erased_us BIGINT NOT NULL,
    done_us BIGINT,
    sealed BYTEA NOT NULL
);
CREATE INDEX erasures_of_user ON erasures (user_id, erased_us);
CREATE INDEX erasures_pending ON erasures (erased_us) WHERE done_us IS NULL;
