-- From when to when has this register learnt things? Grain: one row; NULL where it is empty.
SELECT min(recorded_at) AS first, max(recorded_at) AS last, count(*) AS blocks FROM history_block
