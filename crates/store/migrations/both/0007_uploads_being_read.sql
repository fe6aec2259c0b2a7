-- Uploads that are still being read are few; those of a process that was killed are looked for often.
CREATE INDEX uploads_being_read ON uploads (updated_us) WHERE status = 'received';
