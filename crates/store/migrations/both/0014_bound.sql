-- What holds the plain columns of a row together that let somebody in: a keyed hash under the master key. Rows of older
-- versions get theirs at the next start.
ALTER TABLE persons ADD COLUMN bound BYTEA;
ALTER TABLE sessions ADD COLUMN bound BYTEA;
ALTER TABLE session_tokens ADD COLUMN bound BYTEA;
