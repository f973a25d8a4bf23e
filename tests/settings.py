"""Settings of the test run: a scratch folder, and SQLite or PostgreSQL by HAUSPOST_TEST_DATABASE."""

import atexit
import os
import shutil
import tempfile

_folder = tempfile.mkdtemp(prefix="hauspost-tests-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
os.environ["HAUSPOST_FOLDER"] = _folder
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
os.environ["HAUSPOST_MAIL_DOMAIN"] = "lindner.example"
os.environ["HAUSPOST_COMPANY_DOMAINS"] = "lindner.example"

from hauspost.project.settings import *  # noqa: E402, F403
from hauspost.project.settings import DATABASES, HAUSPOST, INSTALLED_APPS  # noqa: E402

(HAUSPOST.data / "static").mkdir(parents=True, exist_ok=True)
ALLOWED_HOSTS = ["*"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
INSTALLED_APPS = [*INSTALLED_APPS, "zeal"]
DATABASES["default"]["TEST"] = {"NAME": str(HAUSPOST.data / "test.sqlite3")}
if os.environ.get("HAUSPOST_TEST_DATABASE", "sqlite") == "postgres":
    from tests.postgres import running_server

    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "hauspost",
            "HOST": running_server(),
            "USER": "postgres",
        }
    }
