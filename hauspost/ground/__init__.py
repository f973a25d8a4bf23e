"""What everything stands on; it knows no tickets and no people."""
