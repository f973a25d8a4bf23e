"""Hauspost: the helpdesk that a company runs for its own people."""

__version__ = "0.1.0"
