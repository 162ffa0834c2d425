-- The open findings of a family are looked for by their family: among a million deviations those of the others are few.
DROP INDEX finding_open;
CREATE INDEX finding_open ON finding (family, type) WHERE status = 'open';
