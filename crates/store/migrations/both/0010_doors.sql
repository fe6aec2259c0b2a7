-- Which rule of one measurement through many doors a person's stored samples were last put right by; 0 for none. In
-- plaintext, as it says nothing about a person, and indexed, so that finding whose turn it is touches nothing else.
ALTER TABLE persons ADD COLUMN settled BIGINT NOT NULL DEFAULT 0;
CREATE INDEX persons_by_settled ON persons (settled, no);
