-- Note that the findings of :family say as of :at what they said before.
UPDATE finding_family SET seen_at = :at WHERE family = :family AND seen_at < :at
