"""Sites and locations."""
