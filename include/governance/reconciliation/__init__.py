"""The register against reality: one verdict for every live request and every non-compliant item.

Read in this order: `reconcile` (the flow), `exceptions` (what is live), `evidence` (what is known),
`scopes` (from words to places and rules), `engine` (the join, `sql/reconciliation/`), `findings`. Additions
and changes: `fulfilment`, then `requested`, `listings`, `additions`, `changes`.

Verdicts of exceptions are those of `sql/reconciliation/verdicts.sql`, first match wins. To the ones everybody
knows it adds AMBIGUOUS_RULE (a rule name in the scope fits several rules) and CLEAN (active, no
non-compliant match, but not yet for as many observations in a row as STALE needs).
"""
