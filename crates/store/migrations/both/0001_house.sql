-- One text for SQLite and PostgreSQL. Times are microseconds since 1970, days are days since 1970.
-- Columns named sealed hold authenticated ciphertext; everything else is ids, numbers, days, counts and states.

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value BYTEA NOT NULL
);

CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);

INSERT INTO counters (name, value) VALUES ('person', 0);

CREATE TABLE persons (
    no BIGINT PRIMARY KEY,
    id UUID NOT NULL UNIQUE,
    email_key BYTEA NOT NULL UNIQUE,
    email_sealed BYTEA NOT NULL,
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL,
    disabled BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    key_no BIGINT NOT NULL,
    key_wrapped BYTEA NOT NULL,
    upload_seq BIGINT NOT NULL,
    dirty_seq BIGINT NOT NULL
);

CREATE TABLE docs (
    person BIGINT NOT NULL REFERENCES persons (no) ON DELETE CASCADE,
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (person, name)
);

CREATE TABLE sessions (
    id UUID PRIMARY KEY,
    person BIGINT NOT NULL REFERENCES persons (no) ON DELETE CASCADE,
    created_us BIGINT NOT NULL,
    used_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL,
    revoked BIGINT NOT NULL,
    label_sealed BYTEA NOT NULL
);
CREATE INDEX sessions_of_person ON sessions (person);

CREATE TABLE session_tokens (
    hash BYTEA PRIMARY KEY,
    session UUID NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    spent BIGINT NOT NULL
);
CREATE INDEX session_tokens_of_session ON session_tokens (session);

CREATE TABLE idempotency (
    person BIGINT NOT NULL REFERENCES persons (no) ON DELETE CASCADE,
    key_hash BYTEA NOT NULL,
    body_hash BYTEA NOT NULL,
    begun_us BIGINT NOT NULL,
    sealed BYTEA,
    PRIMARY KEY (person, key_hash)
);
CREATE INDEX idempotency_by_time ON idempotency (begun_us);

CREATE TABLE uploads (
    person BIGINT NOT NULL REFERENCES persons (no) ON DELETE CASCADE,
    no BIGINT NOT NULL,
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    stage TEXT NOT NULL,
    progress DOUBLE PRECISION NOT NULL,
    accepted BIGINT NOT NULL,
    duplicates BIGINT NOT NULL,
    rejected BIGINT NOT NULL,
    dirty_seq BIGINT NOT NULL,
    exported_us BIGINT,
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (person, no),
    UNIQUE (person, id)
);

CREATE TABLE chunks (
    person BIGINT NOT NULL REFERENCES persons (no) ON DELETE CASCADE,
    metric BIGINT NOT NULL,
    bucket BIGINT NOT NULL,
    samples BIGINT NOT NULL,
    first_day BIGINT NOT NULL,
    last_day BIGINT NOT NULL,
    has_uid BIGINT NOT NULL,
    far BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (person, metric, bucket)
);
-- Chunks with a sample that ends more than a day after its bucket; they are few.
CREATE INDEX chunks_far ON chunks (person, metric, last_day) WHERE far = 1;

-- Objects that the provider deleted. The sealed column says what the sample was, so that a copy
-- without an object id in an older export stays out too.
CREATE TABLE tombstones (
    person BIGINT NOT NULL REFERENCES persons (no) ON DELETE CASCADE,
    uid BIGINT NOT NULL,
    deleted_us BIGINT NOT NULL,
    metric BIGINT,
    sealed BYTEA,
    PRIMARY KEY (person, uid)
);
CREATE INDEX tombstones_known ON tombstones (person, metric, deleted_us) WHERE metric IS NOT NULL;

CREATE TABLE records (
    person BIGINT NOT NULL REFERENCES persons (no) ON DELETE CASCADE,
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    uid BIGINT,
    content BYTEA NOT NULL,
    start_day BIGINT NOT NULL,
    version BIGINT NOT NULL,
    origin BIGINT NOT NULL,
    seen BIGINT NOT NULL,
    head_sealed BYTEA NOT NULL,
    body_sealed BYTEA NOT NULL,
    PRIMARY KEY (person, id)
);
CREATE INDEX records_by_day ON records (person, kind, start_day);
CREATE INDEX records_by_uid ON records (person, uid) WHERE uid IS NOT NULL;
CREATE INDEX records_by_origin ON records (person, origin);

CREATE TABLE days (
    person BIGINT NOT NULL REFERENCES persons (no) ON DELETE CASCADE,
    day BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (person, day)
);

CREATE TABLE dirty_days (
    person BIGINT NOT NULL REFERENCES persons (no) ON DELETE CASCADE,
    day BIGINT NOT NULL,
    -- The latest mark, and the earliest one that no computation has seen yet.
    seq BIGINT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (person, day)
);

CREATE TABLE jobs (
    id UUID PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES persons (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    run_at_us BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    worker TEXT,
    lease_until_us BIGINT,
    error_code TEXT
);
CREATE UNIQUE INDEX jobs_one_queued ON jobs (user_id, kind) WHERE state = 'queued';
CREATE INDEX jobs_due ON jobs (state, run_at_us);

CREATE TABLE insights (
    person BIGINT NOT NULL REFERENCES persons (no) ON DELETE CASCADE,
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    day BIGINT NOT NULL,
    source TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (person, id)
);
CREATE INDEX insights_by_day ON insights (person, kind, day, created_us);
