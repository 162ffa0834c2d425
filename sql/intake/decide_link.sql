-- Write what a person decided about link :link, and why. No row: there is no such link.
UPDATE request_link
SET status = :status, decided_at = :at, decided_by = :by, reason = :reason
WHERE link = :link
