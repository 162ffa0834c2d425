"""The system of record: requests, their history, ownership, findings, in PostgreSQL."""
