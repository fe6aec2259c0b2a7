-- The second factor of a sign-in. Whether an account wants one is bound with the account itself (`persons.mfa`), so that
-- removing rows here lets nobody in. The shared secret is sealed; recovery codes are known by a keyed hash.
ALTER TABLE persons ADD COLUMN mfa BIGINT NOT NULL DEFAULT 0;
CREATE TABLE totp (
    person BIGINT PRIMARY KEY REFERENCES persons (no) ON DELETE CASCADE,
    secret_sealed BYTEA NOT NULL,
    created_us BIGINT NOT NULL,
    last_step BIGINT NOT NULL
);
CREATE TABLE recovery_codes (
    person BIGINT NOT NULL REFERENCES persons (no) ON DELETE CASCADE,
    hash BYTEA NOT NULL,
    PRIMARY KEY (person, hash)
);
-- When the person of a session last showed that it is them, after the sign-in itself; bound like the session.
ALTER TABLE sessions ADD COLUMN confirmed_us BIGINT;
ALTER TABLE sessions ADD COLUMN confirmed_bound BYTEA;
