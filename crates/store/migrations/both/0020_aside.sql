-- Chunks that did not open when something was to be written into their place, as they were. What is written there
-- afterwards begins anew; upload is the one that met it.
CREATE TABLE chunks_aside (
    person BIGINT NOT NULL REFERENCES persons (no) ON DELETE CASCADE,
    metric BIGINT NOT NULL,
    bucket BIGINT NOT NULL,
    upload BIGINT NOT NULL,
    samples BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (person, metric, bucket, upload)
);
