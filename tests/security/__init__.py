"""What an attacker would try: hostile mails, foreign ids, forged headers, forged files."""
