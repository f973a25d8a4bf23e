"""Bringing in what other systems know: people and places from tables, planned first, then carried out; and back out."""
