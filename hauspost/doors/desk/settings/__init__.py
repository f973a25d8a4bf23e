"""Settings: what administrators decide about people, places, access and keeping; a file per section."""
