-- Staging for what one run keeps back. Dropped with the transaction.
CREATE TEMPORARY TABLE stage_quarantine (
    raw_hash text NOT NULL, occurrence integer NOT NULL, locator text NOT NULL, source_key text, raw jsonb NOT NULL,
    mapped jsonb, reasons jsonb NOT NULL
) ON COMMIT DROP
