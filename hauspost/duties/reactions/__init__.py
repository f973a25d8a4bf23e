"""What follows from what happened: one table, read top to bottom."""
