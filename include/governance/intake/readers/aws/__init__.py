"""Requests that AWS itself keeps: OpsItems of Systems Manager, records of Service Catalog."""
