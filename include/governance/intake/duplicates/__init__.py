"""Requests that came from two sources: linked with their evidence, never merged."""
