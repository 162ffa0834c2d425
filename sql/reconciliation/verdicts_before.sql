-- What did the latest verdict up to :now say on each of these requests? Evidence alone makes no difference. One row per
-- request that was judged; said: verdict, flags, counts and reason, with U+001F between them.
SELECT n.request_number,
       concat_ws(chr(31), p.verdict, array_to_string(p.flags, ','), p.covered, p.won, p.matched, p.why) AS said
FROM unnest(CAST(:numbers AS bigint[])) AS n (request_number)
CROSS JOIN LATERAL (
    SELECT p.* FROM request_verdict p
    WHERE p.request_number = n.request_number AND p.as_of <= :now
    ORDER BY p.as_of DESC, p.snapshot_id = :snapshot_id DESC, p.snapshot_id DESC LIMIT 1
) p
