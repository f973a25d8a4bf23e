"""Settings, addresses of the pages and the WSGI application."""
