"""Requests that were submitted here: each a file, from the command line or from a page."""
