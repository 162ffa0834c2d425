-- What is the verdict on each live exception? First match wins. Grain: exception.
-- Positive evidence decides alone: one fresh non-compliant item in scope proves what is covered or expired,
-- whatever else is missing. Nothing is called clean, stale or orphaned while evidence is missing.
SELECT f.exception,
       CASE
           WHEN f.problem IS NOT NULL THEN 'INVALID'
           WHEN f.state = 'orphaned_account' THEN 'ORPHANED_ACCOUNT'
           WHEN f.state = 'suspended' THEN 'SUSPENDED_HOLD'
           WHEN f.ambiguous IS NOT NULL THEN 'AMBIGUOUS_RULE'
           WHEN f.state = 'orphaned_rule' THEN 'ORPHANED_RULE'
           WHEN f.state = 'orphaned_resource' THEN 'ORPHANED_RESOURCE'
           WHEN f.gap IS NOT NULL AND f.covered = 0 THEN 'UNKNOWN'
           WHEN f.drift IS NOT NULL THEN 'SCOPE_DRIFT'
           WHEN f.phase = 'upcoming' THEN 'NOT_YET_ACTIVE'
           WHEN f.covered > 0 AND f.phase = 'expired' THEN 'EXPIRED_BUT_NONCOMPLIANT'
           WHEN f.covered > 0 THEN 'COVERED'
           WHEN f.assessed = 0 THEN 'UNKNOWN'              -- nothing in scope was ever evaluated
           WHEN f.phase = 'expired' THEN 'EXPIRED_CLEAN'
           WHEN f.clean_observations >= f.stale_after THEN 'STALE'
           ELSE 'CLEAN'
       END AS verdict
FROM fact f
ORDER BY f.exception
