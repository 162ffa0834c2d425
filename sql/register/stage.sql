-- Staging for one load: the canonical batch as it is copied in. Dropped with the transaction.
CREATE TEMPORARY TABLE stage (
    record_no bigint NOT NULL, row_no bigint NOT NULL, source_key text NOT NULL, kind text NOT NULL,
    status text NOT NULL, valid_at timestamptz NOT NULL, actor text,
    title text NOT NULL, description text, target_type text, target text, requester text, owner text,
    owner_rule text, assignee text, risk_level text, benefit text, risk text, risk_if_denied text,
    decided_by text, source_url text, category text, renewal_of text, runbook text, thing_type text,
    submitted_at timestamptz, due_at timestamptz, decided_at timestamptz, fulfilled_at timestamptz,
    closed_at timestamptz, source_updated_at timestamptz, valid_from timestamptz, valid_until timestamptz,
    window_start timestamptz, window_end timestamptz,
    scopes jsonb, compensating_controls jsonb, targets jsonb, thing jsonb, raw jsonb NOT NULL
) ON COMMIT DROP
