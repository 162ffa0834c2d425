DROP INDEX finding_open;
CREATE INDEX finding_open ON finding (type) WHERE status = 'open';
