-- What did the open findings of :family say last? Grain: a thousand findings, a line of CSV each, because a row
-- costs the reader more than a line. Line: finding_number, digest ('': not known), unseen (t, f).
SELECT string_agg(concat_ws(',', finding_number, coalesce(digest, ''), unseen), chr(10)) AS lines
FROM finding WHERE family = :family AND status = 'open'
GROUP BY finding_number / 1000
