-- Staging for the verdicts of one run. Dropped with the transaction.
CREATE TEMPORARY TABLE stage_verdict (
    request_number bigint PRIMARY KEY, verdict text NOT NULL, flags text[] NOT NULL, covered bigint NOT NULL,
    won bigint NOT NULL, matched bigint NOT NULL, why text NOT NULL, evidence jsonb NOT NULL
) ON COMMIT DROP
