-- In each period: how many records did the sources deliver, and which share of them passed the gate?
-- What was no request (an automatic reply, a bounce) does not count in the share.
-- Grain: one row per period (:starts, :ends, half-open), over complete live runs of every source.
WITH period AS (
    SELECT * FROM unnest(CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[])) AS p (starts_at, ends_at)
)
SELECT p.starts_at, p.ends_at, sum(pulled) AS pulled, sum(quarantined) AS quarantined,
       sum(loaded + unchanged) / nullif(sum(pulled - dismissed), 0)::double precision AS intake_yield
FROM period p LEFT JOIN (SELECT * FROM intake_run JOIN run_dismissed USING (run_id)) i
  ON i.as_of >= p.starts_at AND i.as_of < p.ends_at AND i.as_of <= :as_of AND status = 'complete' AND mode = 'live'
GROUP BY p.starts_at, p.ends_at
ORDER BY p.ends_at, p.starts_at
