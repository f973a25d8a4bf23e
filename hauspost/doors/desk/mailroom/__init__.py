"""The mail room: what came in and what became of it, what is set aside, what has not left yet."""
