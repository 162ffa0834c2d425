-- Staging for one synchronisation of findings: what is new or says something else, which open findings are no
-- longer said so, which are seen again, and of which nothing is known. Dropped with the transaction.
CREATE TEMPORARY TABLE stage_finding (
    finding_key text PRIMARY KEY, type text NOT NULL, severity text NOT NULL, request_number bigint,
    account text, region text, rule text, resource_type text, resource_id text, owner text,
    why text NOT NULL, evidence jsonb NOT NULL, digest text NOT NULL
) ON COMMIT DROP;
CREATE TEMPORARY TABLE stage_missing (finding_number bigint PRIMARY KEY) ON COMMIT DROP;
CREATE TEMPORARY TABLE stage_again (finding_number bigint PRIMARY KEY) ON COMMIT DROP;
CREATE TEMPORARY TABLE stage_unknown (finding_key text NOT NULL) ON COMMIT DROP
