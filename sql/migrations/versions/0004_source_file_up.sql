-- Files that a complete live run read to their end. A row is written in the transaction that loads the file's
-- records, so a file is known exactly when what it says is in the register or in quarantine.
CREATE TABLE source_file (
    source       text        NOT NULL,
    name         text        NOT NULL,                     -- below the source's place
    version      text        NOT NULL,                     -- ETag, or size and time of change
    spec         bytea       NOT NULL,                     -- sha256 of what it was read with
    records      bigint      NOT NULL CHECK (records >= 0),
    kept_back    bigint      NOT NULL CHECK (kept_back >= 0),
    newest       timestamptz,                              -- newest observation, where the spec limits its age
    run_id       bigint      NOT NULL REFERENCES intake_run,
    PRIMARY KEY (source, name),
    CONSTRAINT kept_back_of_records CHECK (kept_back <= records)
);
