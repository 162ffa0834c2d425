-- Keep one record back, or note that it came again. A record that was replayed and fails again is open again;
-- one that a person discarded stays discarded.
INSERT INTO quarantine (source, raw_hash, occurrence, locator, source_key, raw, mapped, reasons, first_run, last_run,
                        arrived_at)
VALUES (:source, :raw_hash, :occurrence, :locator, :source_key, CAST(:raw AS jsonb), CAST(:mapped AS jsonb),
        CAST(:reasons AS jsonb), :run_id, :run_id, :now)
ON CONFLICT (source, raw_hash, occurrence) DO UPDATE
SET last_run = excluded.last_run, locator = excluded.locator, mapped = excluded.mapped, reasons = excluded.reasons,
    status = CASE quarantine.status WHEN 'replayed' THEN 'open' ELSE quarantine.status END,
    resolved_at = CASE quarantine.status WHEN 'replayed' THEN NULL ELSE quarantine.resolved_at END
