"""Mail servers that we sign in to, to fetch mail or to send it, and as whom."""
