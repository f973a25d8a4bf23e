"""Keeping the whole desk safe: backups, restoring them, drills, upgrades, moving to the other database."""
