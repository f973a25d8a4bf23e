"""For machines that watch this one: is it well (/healthz), and its numbers for Prometheus (/metrics)."""
