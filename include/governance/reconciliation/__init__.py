"""Snapshots against the register: verdicts and findings."""
