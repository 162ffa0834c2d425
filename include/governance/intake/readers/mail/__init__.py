"""A mailbox read over IMAP: form mails, free text, replies; nothing in it is marked or deleted."""
