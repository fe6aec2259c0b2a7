-- Which revision of the methods made what is derived; 0 for what was made before this was kept. In plaintext, as it
-- says nothing about a person, and indexed, so that finding what is older touches nothing else.
ALTER TABLE days ADD COLUMN methods BIGINT NOT NULL DEFAULT 0;
CREATE INDEX days_by_methods ON days (methods, person, day);

ALTER TABLE insights ADD COLUMN methods BIGINT NOT NULL DEFAULT 0;
CREATE INDEX insights_by_methods ON insights (methods, person, day);

ALTER TABLE embeddings ADD COLUMN methods BIGINT NOT NULL DEFAULT 0;
-- An analysis that somebody asked for stays as it was returned; only weeks are embedded again.
CREATE INDEX embeddings_by_methods ON embeddings (methods, person, week) WHERE kind = 'weekly';

-- How many names the catalogue knew when the person's own types were last looked up in it.
ALTER TABLE persons ADD COLUMN catalogue BIGINT NOT NULL DEFAULT 0;
CREATE INDEX persons_by_catalogue ON persons (catalogue, no);
