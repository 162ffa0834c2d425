-- What stands of each source as of :as_of? Grain: source with a run. waiting: records in quarantine; replayed and
-- discarded: what became of others; links: requests linked as duplicates of another source's, not unlinked by a person.
WITH named AS (
    SELECT DISTINCT source FROM intake_run
    WHERE as_of <= :as_of AND (CAST(:source AS text) IS NULL OR source = :source)
), kept AS (
    SELECT source, count(*) FILTER (WHERE resolved_at IS NULL OR resolved_at > :as_of) AS waiting,
           count(*) FILTER (WHERE status = 'replayed' AND resolved_at <= :as_of) AS replayed,
           count(*) FILTER (WHERE status = 'discarded' AND resolved_at <= :as_of) AS discarded,
           min(arrived_at) FILTER (WHERE resolved_at IS NULL OR resolved_at > :as_of) AS waiting_since
    FROM quarantine WHERE arrived_at <= :as_of GROUP BY source
), linked AS (
    SELECT r.source, count(DISTINCT l.link) AS links
    FROM request_link l JOIN request r ON r.request_number IN (l.request_number, l.of_request)
    WHERE l.found_at <= :as_of AND (l.status <> 'unlinked' OR l.decided_at > :as_of) GROUP BY r.source
)
SELECT n.source, coalesce(k.waiting, 0) AS waiting, coalesce(k.replayed, 0) AS replayed,
       coalesce(k.discarded, 0) AS discarded, k.waiting_since, coalesce(l.links, 0) AS links
FROM named n LEFT JOIN kept k USING (source) LEFT JOIN linked l USING (source)
ORDER BY n.source
