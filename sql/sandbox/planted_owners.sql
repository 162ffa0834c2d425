-- Who owns each request, and did a rule say so? Grain: request.
SELECT source, source_key, coalesce(owner, '') AS owner, owner_rule IS NOT NULL AS is_owned FROM request
