-- Remember one file of :source as run :run_id read it.
INSERT INTO source_file (source, name, version, spec, records, kept_back, newest, run_id)
VALUES (:source, :name, :version, :spec, :records, :kept_back, :newest, :run_id)
ON CONFLICT (source, name) DO UPDATE
SET version = excluded.version, spec = excluded.spec, records = excluded.records, kept_back = excluded.kept_back,
    newest = excluded.newest, run_id = excluded.run_id
