-- The queue in the order in which it is claimed, who is at work, and whose lease runs out: a claim costs the same
-- however many jobs wait.
DROP INDEX jobs_due;
CREATE INDEX jobs_in_order ON jobs (state, run_at_us, id);
CREATE INDEX jobs_running ON jobs (user_id, kind) WHERE state = 'running';
CREATE INDEX jobs_leases ON jobs (lease_until_us) WHERE state = 'running';

-- Counts the changes of a person's computed days, so that what is made of them can be kept until one changes.
ALTER TABLE persons ADD COLUMN days_seq BIGINT NOT NULL DEFAULT 0;
