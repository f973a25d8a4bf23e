"""What a ticket is about: categories."""
