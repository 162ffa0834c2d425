-- Keep one draft and the findings in it. Returns its id; fails where a finding is in another draft already.
WITH added AS (
    INSERT INTO request_draft (owner, rule, content, as_of) VALUES (:owner, :rule, :content, :now)
    RETURNING draft, draft_id
), held AS (
    INSERT INTO request_draft_finding (finding_number, opening, draft)
    SELECT f.finding_number, f.opening, a.draft
    FROM unnest(CAST(:numbers AS bigint[]), CAST(:openings AS integer[])) AS f (finding_number, opening), added a
)
SELECT draft_id FROM added
