-- What a run observed beside its counts, and which requests ask for the same as another.

ALTER TABLE intake_run
    ADD COLUMN held     bigint NOT NULL DEFAULT 0 CHECK (held >= 0),  -- kept out with a held batch, or by mode shadow
    ADD COLUMN whole    boolean,        -- the pull asked for everything the source holds; NULL: not known
    ADD COLUMN columns  jsonb,          -- column -> type, values, always: the shape of the records as they came
    ADD COLUMN page     text,           -- Great Expectations' page of the run, relative to the lake
    ADD COLUMN accepted text;           -- why a person accepted a batch beyond its usual volume or shape

UPDATE intake_run SET held = pulled - loaded - unchanged - quarantined
WHERE status IN ('held', 'shadow') AND pulled > loaded + unchanged + quarantined;

ALTER TABLE intake_run
    DROP CONSTRAINT counts_balance,
    ADD CONSTRAINT counts_balance CHECK (status IN ('running', 'failed') OR pulled = loaded + unchanged + quarantined + held),
    ADD CONSTRAINT complete_holds_nothing CHECK (status <> 'complete' OR held = 0);

-- Two requests that seem to ask for the same. Both stay what they are; a person confirms or unlinks.
CREATE TABLE request_link (
    link         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind         text        NOT NULL CHECK (kind IN ('duplicate_of')),
    request_number bigint    NOT NULL REFERENCES request,  -- the later one
    of_request   bigint      NOT NULL REFERENCES request,  -- the earlier one
    found_by     text        NOT NULL CHECK (found_by IN ('reference', 'likeness', 'person')),
    evidence     text        NOT NULL CHECK (evidence <> ''),  -- why, in words
    status       text        NOT NULL DEFAULT 'suggested' CHECK (status IN ('suggested', 'confirmed', 'unlinked')),
    found_at     timestamptz NOT NULL,
    decided_at   timestamptz,
    decided_by   text,
    reason       text,
    CONSTRAINT two_requests CHECK (request_number <> of_request),
    CONSTRAINT decided_has_time CHECK ((status = 'suggested') = (decided_at IS NULL))
);
CREATE UNIQUE INDEX linked_once ON request_link (kind, least(request_number, of_request), greatest(request_number, of_request));
CREATE INDEX request_link_other_side ON request_link (of_request);
