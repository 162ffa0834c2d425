"""Records in files: in a folder or below an S3 prefix."""
