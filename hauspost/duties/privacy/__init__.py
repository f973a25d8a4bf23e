"""What persons have a right to, and how long tickets are kept: erasure, export, retention, legal hold."""
