"""Persons, addresses, departments, teams, roles, login."""
