-- What did the open findings of a family say last? Grain: open finding.
SELECT finding_number, coalesce(digest, '') AS digest, unseen FROM finding WHERE family = %s AND status = 'open'
