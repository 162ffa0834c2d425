-- Which e-mails exist, by clock and rung or by kind, and which have gone out?
-- Grain: one row per clock and rung, then one per kind of message. A digest of several rungs counts in each.
-- requests: rungs reached; messages: e-mails to the audience of that rung (whoever is informed besides gets it
-- in a digest of their own, which counts among all digests).
WITH rungs AS (
    SELECT l.clock || ': ' || l.rung AS about, l.rung, count(*) AS requests, count(DISTINCT o.message) AS messages,
           count(DISTINCT o.message) FILTER (WHERE o.status = 'sent') AS sent,
           count(DISTINCT o.message) FILTER (WHERE o.status = 'pending') AS waiting,
           count(DISTINCT o.message) FILTER (WHERE o.status = 'failed') AS failed,
           1 AS part, min(l.reached_at - l.due_at) AS place
    FROM send_ledger l LEFT JOIN outbox o USING (message)
    GROUP BY l.clock, l.rung
), others AS (
    SELECT CASE kind WHEN 'digest' THEN 'all digests' ELSE kind || ' notices' END AS about, kind AS rung, NULL::bigint AS requests, count(*) AS messages,
           count(*) FILTER (WHERE status = 'sent') AS sent, count(*) FILTER (WHERE status = 'pending') AS waiting,
           count(*) FILTER (WHERE status = 'failed') AS failed, 2 AS part, NULL::interval AS place
    FROM outbox GROUP BY kind
)
SELECT about, rung, requests, messages, sent, waiting, failed
FROM (SELECT * FROM rungs UNION ALL SELECT * FROM others) q
ORDER BY part, place, about
