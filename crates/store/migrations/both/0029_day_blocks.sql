-- What many responses need of each day, sealed for 64 days at a time: years are read by some thirty rows. Made of the
-- documents of the same days, and removed with the first of them that changes; a row that is absent is made of them anew.
CREATE TABLE day_blocks (
    person BIGINT NOT NULL REFERENCES persons (no) ON DELETE CASCADE,
    block BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (person, block)
);
