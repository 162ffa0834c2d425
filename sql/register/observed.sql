-- What do the staged observations say, and of which request? Grain: one row per staged observation.
-- content and digest are those of request_event, put together from texts that are written once: the text of a
-- JSON array is that of its elements between brackets. `register verify` holds every digest to event_digest().
CREATE TEMPORARY TABLE observed ON COMMIT DROP AS
SELECT r.request_number, s.record_no, s.row_no, s.valid_at, s.actor, s.status, s.raw, d.state,
       sha256(convert_to('[' || t.status || ', ' || t.actor || ', ' || (d.state - '{owner,owner_rule}'::text[])::text
                         || ', ' || t.raw || ']', 'UTF8')) AS content,
       sha256(convert_to('[' || r.request_number || ', ' || extract(epoch FROM s.valid_at) || ', ' || t.actor
                         || ', "observed", ' || t.status || ', ' || d.state::text || ', ' || t.raw || ']', 'UTF8')) AS digest
FROM stage s
JOIN request r ON r.source = :source AND r.source_key = s.source_key
CROSS JOIN LATERAL (
    SELECT jsonb_strip_nulls(
        to_jsonb(s) - '{record_no,row_no,source_key,kind,status,valid_at,actor,raw}'::text[]) AS state
    OFFSET 0  -- worked out once, not once for each of its uses; so are the texts
) d
CROSS JOIN LATERAL (
    SELECT s.raw::text AS raw, to_jsonb(s.status)::text AS status, coalesce(to_jsonb(s.actor)::text, 'null') AS actor
    OFFSET 0
) t
