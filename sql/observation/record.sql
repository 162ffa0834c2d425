-- Put one row into the manifest; collected again, the row takes the new values.
INSERT INTO snapshot_dataset (snapshot_id, service, dataset, account, region, status, row_count, calls,
                              throttles, seconds, evidence_at, path, sha256, message)
VALUES (:snapshot_id, :service, :dataset, :account, :region, :status, :row_count, :calls,
        :throttles, :seconds, :evidence_at, :path, :sha256, :message)
ON CONFLICT (snapshot_id, service, dataset, account, region) DO UPDATE SET
    status = excluded.status, row_count = excluded.row_count, calls = excluded.calls,
    throttles = excluded.throttles, seconds = excluded.seconds, evidence_at = excluded.evidence_at,
    path = excluded.path, sha256 = excluded.sha256, message = excluded.message
