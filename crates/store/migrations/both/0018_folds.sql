-- The accounts of old uploads, many in one row: an account by itself costs a kilobyte, of which nearly everything is what
-- all of them have in common. The ids say where to look for an upload; what a row says is sealed.
CREATE TABLE upload_folds (
    person BIGINT NOT NULL REFERENCES persons (no) ON DELETE CASCADE,
    last_no BIGINT NOT NULL,
    first_no BIGINT NOT NULL,
    first_id UUID NOT NULL,
    last_id UUID NOT NULL,
    uploads BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (person, last_no)
);
