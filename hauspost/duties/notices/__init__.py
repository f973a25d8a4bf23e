"""Who is told, in which words and language."""
