"""Draft a spec from a sample: what the records show is written down with its evidence, the rest is asked."""
