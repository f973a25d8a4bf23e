"""Dossiers: everything about one ticket in one signed file that proves itself anywhere."""
