"""Signs of life: which processes run, on whichever machine, and how often something has happened so far."""
