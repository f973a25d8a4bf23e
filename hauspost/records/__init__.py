"""What the desk knows: nouns, their questions, their verbs."""
