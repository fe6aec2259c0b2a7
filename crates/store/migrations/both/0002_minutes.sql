-- The minutes of a computed day beside its document: read by measures over many days only, so that
-- reading documents stays as cheap as it was.
ALTER TABLE days ADD COLUMN minutes_sealed BYTEA;
