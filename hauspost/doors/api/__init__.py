"""REST for programs: the same verbs and the same gates as the pages, described by OpenAPI (P38)."""
