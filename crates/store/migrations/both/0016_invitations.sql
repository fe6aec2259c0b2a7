-- What an app shows once to be given the key of a device: the keyed hash of a short code. A device has one at most,
-- and it goes when it is used, when it expires, and with the device. Its columns are bound under the master key.
CREATE TABLE invitations (
    device UUID PRIMARY KEY REFERENCES devices (id) ON DELETE CASCADE,
    hash BYTEA NOT NULL UNIQUE,
    expires_us BIGINT NOT NULL,
    bound BYTEA NOT NULL
);
