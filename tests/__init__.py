"""The tests: a mirror of the house, stories, letters and the cast."""
