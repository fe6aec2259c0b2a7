-- How many samples a person has of each metric, so that a list of metrics costs the same for one year as for ten.
-- Every write of a chunk keeps it; in plaintext, as the counts of the chunks are.
CREATE TABLE metric_counts (
    person BIGINT NOT NULL REFERENCES persons (no) ON DELETE CASCADE,
    metric BIGINT NOT NULL,
    samples BIGINT NOT NULL,
    PRIMARY KEY (person, metric)
);

INSERT INTO metric_counts (person, metric, samples)
SELECT person, metric, CAST(SUM(samples) AS BIGINT) FROM chunks GROUP BY person, metric;
