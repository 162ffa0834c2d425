-- Messages of a mailbox by their thread, and files that came with records of any source.

-- One row per message that was loaded: a later reply asks here which request it belongs to.
CREATE TABLE mail_message (
    source       text        NOT NULL,
    message_id   text        NOT NULL,                     -- without its brackets
    content      text        NOT NULL,                     -- sha256 of what it says: two messages may bear one id
    source_key   text        NOT NULL,                     -- the thread: key of the request
    place        bigint      GENERATED ALWAYS AS IDENTITY, -- in the order in which they became known
    run_id       bigint      NOT NULL REFERENCES intake_run,
    PRIMARY KEY (source, message_id, content)
);

-- One row per record and file. The file lies below the lake under its hash, once however often it came.
CREATE TABLE evidence (
    evidence     bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source       text        NOT NULL,
    source_key   text,                                     -- the request, as far as the record names one
    locator      text        NOT NULL,                     -- the record: of a mail its Message-ID
    name         text        NOT NULL,                     -- cleaned for people to read; never a path
    media_type   text        NOT NULL,                     -- as declared by the sender, not checked
    size         bigint      NOT NULL CHECK (size >= 0),
    sha256       text        NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    path         text        NOT NULL CHECK (path ~ '^evidence/[0-9a-f]{2}/[0-9a-f]{64}$'),  -- below the lake
    run_id       bigint      NOT NULL REFERENCES intake_run,
    recorded_at  timestamptz NOT NULL,
    CONSTRAINT once_per_record UNIQUE (source, locator, sha256, name)
);
CREATE INDEX evidence_request ON evidence (source, source_key);
