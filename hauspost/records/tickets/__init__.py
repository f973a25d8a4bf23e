"""The heart: tickets, messages, participants, links; who may see what."""
