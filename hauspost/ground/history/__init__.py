"""What happened: the sealed record, timeline and audit log in one, and the reactions still pending."""
