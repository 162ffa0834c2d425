DROP FUNCTION may_decide(text, text, text);
ALTER TABLE ownership DROP COLUMN delegates;
DROP VIEW run_dismissed;
DROP TABLE action_event;
DROP FUNCTION action_hash(bytea, bigint, bigint, text, timestamptz, timestamptz, text, text, text, text, bigint, text, jsonb);
DROP SEQUENCE action_seq;
