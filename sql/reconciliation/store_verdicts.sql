-- Which verdicts differ from the ones before? Only those are written. Evidence alone makes no difference.
INSERT INTO request_verdict AS v (request_number, as_of, snapshot_id, verdict, flags, covered, won, matched, why, evidence)
SELECT s.request_number, :now, :snapshot_id, s.verdict, s.flags, s.covered, s.won, s.matched, s.why, s.evidence
FROM stage_verdict s
LEFT JOIN LATERAL (
    SELECT p.* FROM request_verdict p
    WHERE p.request_number = s.request_number AND p.as_of <= :now
    ORDER BY p.as_of DESC, p.snapshot_id = :snapshot_id DESC, p.snapshot_id DESC LIMIT 1
) p ON true
WHERE (p.verdict, p.flags, p.covered, p.won, p.matched, p.why)
      IS DISTINCT FROM (s.verdict, s.flags, s.covered, s.won, s.matched, s.why)
ORDER BY s.request_number
ON CONFLICT (request_number, as_of, snapshot_id) DO UPDATE SET
    verdict = excluded.verdict, flags = excluded.flags, covered = excluded.covered, won = excluded.won,
    matched = excluded.matched, why = excluded.why, evidence = excluded.evidence
