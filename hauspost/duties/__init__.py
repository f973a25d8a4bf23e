"""What the desk does by itself; each duty is usable alone."""
