-- Write what is staged: the verdicts that say something else than the ones before.
INSERT INTO request_verdict AS v (request_number, as_of, snapshot_id, verdict, flags, covered, won, matched, why, evidence)
SELECT s.request_number, :now, :snapshot_id, s.verdict, s.flags, s.covered, s.won, s.matched, s.why, s.evidence
FROM stage_verdict s
ORDER BY s.request_number
ON CONFLICT (request_number, as_of, snapshot_id) DO UPDATE SET
    verdict = excluded.verdict, flags = excluded.flags, covered = excluded.covered, won = excluded.won,
    matched = excluded.matched, why = excluded.why, evidence = excluded.evidence
