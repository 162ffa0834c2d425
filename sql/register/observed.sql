-- What do the staged observations say, and of which request? Grain: one row per staged observation.
CREATE TEMPORARY TABLE observed ON COMMIT DROP AS
SELECT r.request_number, s.record_no, s.row_no, s.valid_at, s.actor, s.status, s.raw, d.state,
       sha256(convert_to(jsonb_build_array(s.status, s.actor, d.state - '{owner,owner_rule}'::text[], s.raw)::text,
                         'UTF8')) AS content
FROM stage s
JOIN request r ON r.source = :source AND r.source_key = s.source_key
CROSS JOIN LATERAL (
    SELECT jsonb_strip_nulls(
        to_jsonb(s) - '{record_no,row_no,source_key,kind,status,valid_at,actor,raw}'::text[]) AS state
    OFFSET 0  -- worked out once, not once for each of its uses
) d
