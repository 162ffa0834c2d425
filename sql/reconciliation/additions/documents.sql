-- Which documents of Systems Manager may be those asked for? Grain: one row per request and document.
-- Statuses: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DocumentDescription.html
INSERT INTO candidate
SELECT a.request, coalesce(d.owner, '') || '/' || d.document, coalesce(d.owner = a.account, a.account IS NULL),
       coalesce(lower(d.hash) = lower(a.hash), a.hash IS NULL) AND coalesce(d.default_version = a.version, a.version IS NULL),
       CASE d.status WHEN 'Active' THEN 'ready' WHEN 'Failed' THEN 'failed' WHEN 'Creating' THEN 'changing'
                     WHEN 'Updating' THEN 'changing' ELSE 'unverified' END,
       'version ' || coalesce(d.default_version, 'unknown') || ' is ' || coalesce(d.status, 'of unknown status')
FROM asked a JOIN listed_documents d ON d.document = a.document
WHERE a.thing_type = 'ssm_document' AND coalesce(d.status, '') <> 'Deleting'
  AND (a.account IS NULL OR a.account IN (SELECT owner FROM listed_documents))
