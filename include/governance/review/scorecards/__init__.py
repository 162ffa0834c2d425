"""The scorecard of each source: its data, its page, its command."""
