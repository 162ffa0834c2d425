DROP TABLE request_draft_finding;
DROP TABLE request_draft;
