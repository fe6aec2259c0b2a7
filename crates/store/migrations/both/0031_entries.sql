-- What people enter by hand: measurements, meals, what they keep to enter again, what they write about themselves. A
-- sealed document each; in the clear are the kind, the number of the metric and the UTC day that it is about.
CREATE TABLE entries (
    person BIGINT NOT NULL REFERENCES persons (no) ON DELETE CASCADE,
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    metric BIGINT,
    day BIGINT NOT NULL,
    version BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (person, id)
);
CREATE INDEX entries_by_day ON entries (person, kind, day);
CREATE INDEX entries_by_metric ON entries (person, kind, metric, day) WHERE metric IS NOT NULL;
