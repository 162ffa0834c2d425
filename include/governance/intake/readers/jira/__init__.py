"""Issues of a Jira search, Cloud or Data Center."""
