-- When the first mark of a day was made that is not computed yet; unknown of marks from before.
ALTER TABLE dirty_days ADD COLUMN marked_us BIGINT;
