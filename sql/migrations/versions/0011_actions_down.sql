DROP VIEW run_dismissed;
DROP TABLE action_event;
DROP FUNCTION action_hash(bytea, bigint, bigint, text, timestamptz, timestamptz, text, text, text, text, bigint, text, jsonb);
DROP SEQUENCE action_seq;
