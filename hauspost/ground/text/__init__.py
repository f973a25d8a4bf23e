"""Text: safe HTML, quotes, signatures (pure)."""
