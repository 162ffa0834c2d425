-- Everything that happened to request :number up to :at, oldest first.
-- Grain: one row per observation, rung told, verdict given, turn of a finding and turn of an action at AWS. Columns: at, what, words.
SELECT valid_at AS at, 'status' AS what,
       status || coalesce(', by ' || actor, '') ||
       CASE WHEN recorded_at > valid_at + interval '1 day'
            THEN ' (recorded ' || to_char(recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') || 'Z)' ELSE '' END AS words
FROM request_event WHERE request_number = :number AND valid_at <= :at AND recorded_at <= :at
UNION ALL
SELECT as_of, 'mail', clock || ' clock: ' || rung || CASE WHEN message IS NULL THEN ' (told by a later rung)'
                                                   ELSE ', told to ' || recipient END
FROM send_ledger WHERE request_number = :number AND as_of <= :at
UNION ALL
SELECT as_of, 'verdict', verdict || CASE WHEN flags <> '{}' THEN ' [' || array_to_string(flags, ', ') || ']' ELSE '' END
       || ': ' || why || ' (snapshot ' || snapshot_id || ')'
FROM request_verdict WHERE request_number = :number AND as_of <= :at
UNION ALL
SELECT e.at, 'finding', f.finding_id || ' ' || e.change || ': ' || e.why
FROM finding_event e JOIN finding f USING (finding_number)
WHERE f.request_number = :number AND e.at <= :at
UNION ALL
SELECT at, 'action', action_id || ' ' || phase || ': ' || operation || ' ' || account || ' ' || region || ' ' || rule
       || CASE WHEN detail ? 'done' THEN ', ' || jsonb_array_length(detail -> 'done') || ' done, '
                                         || jsonb_array_length(detail -> 'failed') || ' failed' ELSE '' END
       || ', by ' || actor
FROM action_event WHERE request_number = :number AND at <= :at
ORDER BY at, what, words
