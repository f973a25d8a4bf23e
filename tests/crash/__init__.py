"""Killing at random while mail comes in by every way, with a full disk and without a database: nothing lost or doubled."""
