"""Who gets it: absence and deputies, the work of those who leave."""
