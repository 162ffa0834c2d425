"""The gate: Great Expectations suites, quarantine and replay."""
