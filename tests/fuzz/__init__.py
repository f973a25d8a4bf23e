"""Mails spoiled by the hundred thousand: whatever arrives, reading it never raises, never hangs and lets nothing through."""
