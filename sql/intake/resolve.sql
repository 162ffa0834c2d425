-- Close the open items among :items, saying who did and why.
UPDATE quarantine
SET status = :status, resolved_at = :at, resolved_by = :by, resolution = :why
WHERE item = ANY(:items) AND status = 'open'
