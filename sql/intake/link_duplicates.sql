-- Which requests of :source that run :run_id brought news of ask for the same as a request of another source? Linked once, both
-- stay what they are; what a person unlinked stays unlinked. Grain: one row per new pair, the later as request_number.
--   reference  the later one says so: words such as "duplicate of" (:words, found fast by :hints) and then (:pattern) the other's key, URL or id
--   likeness   same title (letters and digits alone count), target, requester and kind within :days days
-- The caller holds the lock of findings: what another source loads meanwhile is seen by whoever commits last.
WITH touched AS (
    SELECT DISTINCT request_number FROM request_event JOIN history_block USING (block) WHERE history_block.run_id = :run_id
), asked AS NOT MATERIALIZED (
    SELECT request_number, request_id, source, kind, lower(requester) AS requester, lower(target) AS target,
           btrim(regexp_replace(lower(title), '[^[:alnum:]]+', ' ', 'g')) AS title,
           coalesce(submitted_at, valid_at) AS at
    FROM request
), alike AS (
    SELECT a.request_number AS one, b.request_number AS other, a.at AS one_at, b.at AS other_at
    FROM asked a JOIN touched USING (request_number)
    JOIN asked b ON b.kind = a.kind AND b.requester = a.requester AND b.target = a.target AND b.title = a.title
                AND b.source <> a.source AND b.source <> :source
    WHERE a.title <> '' AND abs(extract(epoch FROM a.at - b.at)) <= :days * 86400
), said AS (
    SELECT r.request_number, r.source, lower(rtrim(found.named[1], '.,;:!?)>]"''')) AS name, found.named[1] AS words
    FROM request r
    CROSS JOIN LATERAL regexp_matches(r.title || E'\n' || coalesce(r.description, ''), :pattern, 'gi') AS found (named)
    WHERE lower(r.title || E'\n' || coalesce(r.description, '')) LIKE ANY (CAST(:hints AS text[]))
      AND r.title || E'\n' || coalesce(r.description, '') ~* :words
      AND (r.request_number IN (SELECT request_number FROM touched)
           OR r.status IN ('submitted', 'needs_information', 'in_review', 'approved', 'in_progress'))
), called AS NOT MATERIALIZED (
    SELECT request_number, source, lower(source_key) AS name FROM request
    UNION SELECT request_number, source, lower(source_url) FROM request WHERE source_url IS NOT NULL
    UNION SELECT request_number, source, lower(request_id) FROM request
), referring AS (
    SELECT DISTINCT ON (s.request_number, c.request_number) s.request_number AS later, c.request_number AS earlier,
           'its text names ' || o.source_key || ' of ' || o.source || ' as the same request' AS evidence
    FROM said s JOIN called c ON c.name = s.name AND c.source <> s.source JOIN request o ON o.request_number = c.request_number
    WHERE s.request_number IN (SELECT request_number FROM touched) OR c.request_number IN (SELECT request_number FROM touched)
), pairs AS (
    SELECT later, earlier, 'reference' AS found_by, evidence FROM referring
    UNION ALL
    SELECT CASE WHEN (one_at, one) > (other_at, other) THEN one ELSE other END,
           CASE WHEN (one_at, one) > (other_at, other) THEN other ELSE one END, 'likeness',
           'same title, target, requester and kind, submitted '
           || CASE round(abs(extract(epoch FROM one_at - other_at)) / 86400)
              WHEN 0 THEN 'within a day' WHEN 1 THEN '1 day apart'
              ELSE round(abs(extract(epoch FROM one_at - other_at)) / 86400) || ' days apart' END
    FROM alike
)
INSERT INTO request_link (kind, request_number, of_request, found_by, evidence, found_at)
SELECT DISTINCT ON (least(later, earlier), greatest(later, earlier))
       'duplicate_of', later, earlier, found_by, evidence, :now
FROM pairs
ORDER BY least(later, earlier), greatest(later, earlier), found_by DESC, later
ON CONFLICT DO NOTHING
