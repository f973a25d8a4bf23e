"""Pages for agents and dispatchers: lists, triage, the ticket, the post room."""
