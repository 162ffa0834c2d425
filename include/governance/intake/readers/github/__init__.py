"""Issues of a GitHub repository, their forms read back into fields; and issue webhooks kept as files."""
