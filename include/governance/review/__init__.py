"""KPIs, process-behaviour charts and the review pack."""
