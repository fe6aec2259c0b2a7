-- What one process has to tell the listeners of the others; forgotten after minutes. The origin is a number that a
-- process chose by chance, so that it knows what is its own. What happened is sealed under the person's key.
CREATE TABLE events (
    seq BIGINT PRIMARY KEY,
    person BIGINT NOT NULL REFERENCES persons (no) ON DELETE CASCADE,
    origin BIGINT NOT NULL,
    told_us BIGINT NOT NULL,
    sealed BYTEA NOT NULL
);
CREATE INDEX events_of_person ON events (person);

INSERT INTO counters (name, value) VALUES ('event', 0) ON CONFLICT (name) DO NOTHING;
