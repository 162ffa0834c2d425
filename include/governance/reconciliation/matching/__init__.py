"""The join itself: which scope fits which evaluation, looked up in arrays that the index keeps sorted.

Ten million evaluations are a million cells and a million resources (`evaluation_index`); what a scope means
is found there by its place, not by going through them. In the order of work: `source` and `facts` (the index
as arrays), `ground` (places, kinds and freshness by number), `collapse` (items that show several times), and
batch by batch of scopes, in `matcher`: `grid` and `broad` (their cells), `naming` and `tags` (resources they
ask for), `rows` (single items), `tally` (counts, and who wins). `scope_evidence` and `outcome` say what came
of it.
"""
