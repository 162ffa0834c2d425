DROP TABLE request_link;
ALTER TABLE intake_run
    DROP CONSTRAINT complete_holds_nothing,
    DROP CONSTRAINT counts_balance,
    ADD CONSTRAINT counts_balance CHECK (status <> 'complete' OR pulled = loaded + unchanged + quarantined),
    DROP COLUMN held, DROP COLUMN whole, DROP COLUMN columns, DROP COLUMN page, DROP COLUMN accepted;
