-- How did the latest run of each source end, and do its counts balance?
-- Grain: one row per source. waiting: records still in quarantine; held: kept out with a held batch, or by mode shadow.
SELECT DISTINCT ON (source) source, mode, status, as_of, pulled, loaded, unchanged, quarantined, held, message,
       pulled = loaded + unchanged + quarantined + held AS accounted,
       status = 'complete' AND pulled = loaded + unchanged + quarantined AS balanced,
       (SELECT count(*) FROM quarantine q WHERE q.source = i.source AND q.arrived_at <= :as_of
        AND (q.resolved_at IS NULL OR q.resolved_at > :as_of)) AS waiting
FROM intake_run i
WHERE as_of <= :as_of AND mode <> 'replay'
ORDER BY source, i.as_of DESC, run_id DESC
