-- What every upload and every recomputation asks for must not grow with the uploads of a life: the
-- exports among them, and those whose days are still being computed.
CREATE INDEX uploads_exports ON uploads (person, no) WHERE exported_us IS NOT NULL;
CREATE INDEX uploads_in_processing ON uploads (person, dirty_seq) WHERE status = 'processing';
