-- How did the last runs of each source go, as of :as_of? Grain: run, newest first, at most :runs per source.
-- asked: pulled but for what was no request at all, such as an automatic reply. good: the gate let pass what it did; in mode shadow these records would have been loaded. validation: see intake_run.
SELECT source, run_id, mode, status, as_of, origin, pulled, loaded, unchanged, quarantined, pulled - dismissed AS asked, held, whole, page, accepted,
       message, validation, pulled = loaded + unchanged + quarantined + held AS balanced,
       CASE WHEN status IN ('complete', 'shadow') THEN pulled - quarantined END AS good
FROM (SELECT *, row_number() OVER (PARTITION BY source ORDER BY as_of DESC, run_id DESC) AS place
      FROM intake_run JOIN run_dismissed USING (run_id)
      WHERE as_of <= :as_of AND mode <> 'replay' AND status <> 'running'
        AND (CAST(:source AS text) IS NULL OR source = :source)) r
WHERE place <= :runs
ORDER BY source, place
