-- Bring the findings of :family up to :at from what is staged, and say how many took which turn.
-- A change of evidence alone is no turn: only type, severity, owner and why are.
WITH family AS (
    SELECT max(seen_at) AS seen_at FROM finding_family WHERE family = :family
), before AS (
    SELECT f.finding_key, f.status, f.type, f.severity, f.owner, f.why FROM finding f WHERE f.family = :family
), turned AS (
    MERGE INTO finding AS f
    USING (
        SELECT s.*, CASE WHEN b.finding_key IS NULL THEN 'opened'
                         WHEN b.status = 'resolved' THEN 'reopened'
                         WHEN (b.type, b.severity, b.owner, b.why) IS DISTINCT FROM (s.type, s.severity, s.owner, s.why)
                              THEN 'changed'
                         ELSE 'seen' END AS turn
        FROM stage_finding s LEFT JOIN before b USING (finding_key)
    ) AS s
    ON f.family = :family AND f.finding_key = s.finding_key
    WHEN NOT MATCHED THEN
        INSERT (family, finding_key, type, status, severity, request_number, account, region, rule, resource_type,
                resource_id, owner, why, evidence, digest, opened_at, last_seen_at)
        VALUES (:family, s.finding_key, s.type, 'open', s.severity, s.request_number, s.account, s.region, s.rule,
                s.resource_type, s.resource_id, s.owner, s.why, s.evidence, s.digest, :at, :at)
    WHEN MATCHED THEN
        UPDATE SET type = s.type, status = 'open', severity = s.severity, request_number = s.request_number,
                   owner = s.owner, why = s.why, evidence = s.evidence, digest = s.digest, unseen = false,
                   last_seen_at = greatest(f.last_seen_at, :at), resolved_at = NULL,
                   reopened = f.reopened + (s.turn = 'reopened')::integer
    RETURNING f.finding_number, f.type, f.why, f.evidence, s.turn
), again AS (
    UPDATE finding f SET unseen = false, last_seen_at = greatest(f.last_seen_at, :at)
    FROM stage_again g WHERE g.finding_number = f.finding_number
), missing AS (
    SELECT f.finding_number, u.finding_key IS NOT NULL AS unknown,
           CASE WHEN f.unseen THEN f.last_seen_at ELSE greatest(f.last_seen_at, y.seen_at) END AS seen_at
    FROM stage_missing JOIN finding f USING (finding_number) CROSS JOIN family y
    LEFT JOIN (SELECT DISTINCT finding_key FROM stage_unknown) u USING (finding_key)
    WHERE NOT EXISTS (SELECT FROM stage_finding s WHERE s.finding_key = f.finding_key)
), unseen AS (
    UPDATE finding f SET unseen = true, last_seen_at = m.seen_at
    FROM missing m WHERE m.finding_number = f.finding_number AND m.unknown AND NOT f.unseen
), resolved AS (
    UPDATE finding f SET status = 'resolved', resolved_at = :at, unseen = false, last_seen_at = m.seen_at
    FROM missing m WHERE m.finding_number = f.finding_number AND NOT m.unknown
    RETURNING f.finding_number, f.type, f.why, f.evidence, 'resolved' AS turn
), logged AS (
    INSERT INTO finding_event (finding_number, at, change, type, why, evidence)
    SELECT finding_number, :at, turn, type, why, evidence FROM turned WHERE turn <> 'seen'
    UNION ALL
    SELECT finding_number, :at, turn, type, why, evidence FROM resolved
    RETURNING change
)
SELECT change, count(*) AS findings FROM logged GROUP BY change
