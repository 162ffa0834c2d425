-- Who is accountable, as stored? Grain: rule of policies/ownership.yaml, in its order; the authority is at position 0.
SELECT rule AS name, position, match, accountable, responsible, delegates, consulted, informed, contact, manager, timezone,
       calendar, review_date
FROM ownership ORDER BY position
