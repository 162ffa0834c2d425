-- Keep records back, or note that they came again. Grain: one row per record of run :run_id that failed.
-- One that was replayed and fails again is open again; one that a person discarded stays discarded.
INSERT INTO quarantine (source, raw_hash, occurrence, locator, source_key, raw, mapped, reasons, first_run, last_run,
                        arrived_at)
SELECT :source, decode(raw_hash, 'hex'), occurrence, locator, source_key, raw, mapped, reasons, :run_id, :run_id,
       :arrived_at
FROM stage_quarantine
ORDER BY locator, occurrence
ON CONFLICT (source, raw_hash, occurrence) DO UPDATE
SET last_run = excluded.last_run, locator = excluded.locator, source_key = excluded.source_key,
    mapped = excluded.mapped, reasons = excluded.reasons,
    status = CASE quarantine.status WHEN 'replayed' THEN 'open' ELSE quarantine.status END,
    resolved_at = CASE quarantine.status WHEN 'replayed' THEN NULL ELSE quarantine.resolved_at END,
    resolved_by = CASE quarantine.status WHEN 'replayed' THEN NULL ELSE quarantine.resolved_by END,
    resolution = CASE quarantine.status WHEN 'replayed' THEN NULL ELSE quarantine.resolution END
