-- What rests on the same says the same: then nobody has to put a million findings into words to learn that none changed.
-- basis: digest of all that the open findings follow from; NULL: not known, or nothing fresh tells of some of them.
-- summary: what they add up to.
ALTER TABLE finding_family
    ADD COLUMN basis text,
    ADD COLUMN summary json;
