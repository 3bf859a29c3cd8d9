ALTER TABLE validator_record ADD COLUMN halted text;
