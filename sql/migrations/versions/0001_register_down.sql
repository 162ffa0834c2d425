DROP FUNCTION request_as_of(timestamptz, timestamptz);
DROP TABLE finding_event, finding, request_verdict, reconciliation_run, snapshot_dataset, snapshot,
           send_ledger, outbox, ownership, quarantine, history_block, request_event, request, intake_run;
DROP SEQUENCE request_number_seq;
DROP FUNCTION event_digest(bigint, timestamptz, text, text, text, jsonb, jsonb);
DROP FUNCTION block_hash(bytea, bigint, timestamptz, bigint, bytea);
DROP FUNCTION refuse_rewrite();
