"""The hauspost command."""
