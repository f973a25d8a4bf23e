"""Stored bytes, found by their SHA-256; use `files.actions`."""
