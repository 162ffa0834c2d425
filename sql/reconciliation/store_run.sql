-- Note the run, once for the same instant, snapshot and inputs.
INSERT INTO reconciliation_run (as_of, snapshot_id, register_at, input_digest, summary)
SELECT :now, :snapshot_id, coalesce((SELECT max(recorded_at) FROM request_event), :now), :digest, CAST(:summary AS jsonb)
WHERE NOT EXISTS (SELECT FROM reconciliation_run r
                  WHERE (r.as_of, r.snapshot_id, r.input_digest) = (:now, :snapshot_id, :digest))
