"""From received bytes to a ticket: keep, read, judge, match, file."""
