"""Where messages arrive: SMTP, LMTP, a pipe, a folder."""
