"""A real mail server before and behind Hauspost: Postfix with the configuration that we ship."""
