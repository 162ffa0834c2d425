-- What do the open findings of :family rest on, and what do they add up to? No row where that is not known.
SELECT basis, summary FROM finding_family WHERE family = :family AND basis IS NOT NULL
