"""What is overdue, whom to tell, and the outbox that tells them once."""
