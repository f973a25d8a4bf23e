"""Django's own secret, kept in the data folder beside the key ring and never in the settings file."""

import os
import secrets
from pathlib import Path


def django_secret(data: Path) -> str:
    """The secret that signs sessions' cookies; made on first use, readable by the owner only (S21)."""
    path = data / "django-secret"
    try:
        return path.read_text()
    except FileNotFoundError:
        pass
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(48))
        file.flush()
        os.fsync(file.fileno())
    try:
        # A link fails where another process was first: then its secret is the one.
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return path.read_text()
