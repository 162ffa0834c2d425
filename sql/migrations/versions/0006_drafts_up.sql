-- Exception requests that were drafted for an owner. A draft is no request: it becomes one where somebody
-- submits it, under its id as the id of the submission. Written in the transaction of the message that tells it.
CREATE TABLE request_draft (
    draft        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    draft_id     text        NOT NULL UNIQUE GENERATED ALWAYS AS
                     ('DRF-' || lpad(draft::text, greatest(6, length(draft::text)), '0')) STORED,
    owner        text        NOT NULL,
    rule         text        NOT NULL,
    content      json        NOT NULL,                     -- field of a request -> text, in the order of a form
    as_of        timestamptz NOT NULL,                     -- the run's `now`
    message      bigint      REFERENCES outbox,            -- set in the same transaction
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The deviations in a draft. The key lets a finding be drafted once each time it opens.
CREATE TABLE request_draft_finding (
    finding_number bigint    NOT NULL REFERENCES finding,
    opening      integer     NOT NULL CHECK (opening >= 0),  -- finding.reopened when it was drafted
    draft        bigint      NOT NULL REFERENCES request_draft,
    PRIMARY KEY (finding_number, opening)
);
CREATE INDEX request_draft_finding_draft ON request_draft_finding (draft);
