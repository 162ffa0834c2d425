-- Which message tells of these drafts?
UPDATE request_draft SET message = :message WHERE draft_id = ANY(:ids)
