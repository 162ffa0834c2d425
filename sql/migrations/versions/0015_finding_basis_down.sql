ALTER TABLE finding_family
    DROP COLUMN basis,
    DROP COLUMN summary;
