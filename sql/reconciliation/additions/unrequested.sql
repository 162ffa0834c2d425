-- What is there, newer than the register, that no approved addition asked for? Grain: one row per thing.
-- not_approved: requests that ask for it and were never approved, in words; NULL: nobody ever asked.
SELECT n.type, n.subject, n.account, n.words, n.created_at,
       (SELECT string_agg(DISTINCT a.request_id || ' (' || a.status || ')', ', ' ORDER BY a.request_id || ' (' || a.status || ')')
        FROM candidate c JOIN asked a USING (request)
        WHERE a.thing_type = n.type AND c.subject = n.subject AND a.standing IN ('undecided', 'refused')) AS not_approved
FROM news n
WHERE NOT EXISTS (SELECT 1 FROM candidate c JOIN asked a USING (request)
                  WHERE a.thing_type = n.type AND c.subject = n.subject AND a.standing IN ('live', 'settled')
                    AND (c.in_place IS DISTINCT FROM false OR n.type IN ('account', 'provisioned_product', 'ssm_document')))
  AND NOT EXISTS (SELECT 1 FROM addition_verdict v JOIN asked a USING (request)
                  WHERE v.verdict = 'MISPLACED' AND a.thing_type = n.type AND v.subject = n.subject)
ORDER BY n.type, n.subject
