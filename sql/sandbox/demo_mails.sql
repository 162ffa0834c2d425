-- Which e-mails exist, by clock and rung, and which of their messages have gone out?
-- Grain: one row per clock and rung. entries: rungs reached; messages: e-mails that carry them.
SELECT l.clock, l.rung, count(*) AS entries, count(DISTINCT o.message) AS messages,
       count(DISTINCT o.message) FILTER (WHERE o.status = 'sent') AS sent,
       count(DISTINCT o.message) FILTER (WHERE o.status = 'pending') AS waiting,
       count(DISTINCT o.message) FILTER (WHERE o.status = 'failed') AS failed
FROM send_ledger l LEFT JOIN outbox o USING (message)
GROUP BY l.clock, l.rung
ORDER BY l.clock, min(l.reached_at - l.due_at)
