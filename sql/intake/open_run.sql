-- Open a run of :source and return its number.
INSERT INTO intake_run (source, mode, origin, as_of) VALUES (:source, :mode, :origin, :now) RETURNING run_id
