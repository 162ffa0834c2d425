"""KPIs, process-behaviour charts, and the pack the review meeting reads."""
