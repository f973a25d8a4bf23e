"""The world comes in: thin pages, commands and listeners that call the verbs and know nothing of each other."""
