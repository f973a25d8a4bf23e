"""Letters: letter.py reads, compose.py writes, outbox.py queues and sends."""
