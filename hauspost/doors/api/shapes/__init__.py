"""What comes in and goes out, as pydantic models: nothing that they do not name is read or told."""
