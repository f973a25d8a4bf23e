"""Killing at every point where something becomes durable or leaves: nothing is lost, nothing is doubled."""
