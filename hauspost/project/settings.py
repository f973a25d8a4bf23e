"""Django's settings, made from Hauspost's own (hauspost.toml and HAUSPOST_*)."""

import os
from pathlib import Path
from urllib.parse import urlsplit

from hauspost.ground import config as _config
from hauspost.ground import databases as _databases
from hauspost.ground import secrets_file as _secrets

HAUSPOST = _config.load(Path(os.environ.get("HAUSPOST_FOLDER", ".")).resolve())
PACKAGE = Path(__file__).resolve().parent.parent

_url = urlsplit(HAUSPOST.public_url)
_secure = _url.scheme == "https"

DEBUG = False
SECRET_KEY = _secrets.django_secret(HAUSPOST.data)
ALLOWED_HOSTS = [_url.hostname or "localhost"]
CSRF_TRUSTED_ORIGINS = [f"{_url.scheme}://{_url.netloc}"]
FORCE_SCRIPT_NAME = _url.path.rstrip("/") or None
ROOT_URLCONF = "hauspost.project.urls"
WSGI_APPLICATION = "hauspost.project.wsgi.application"

INSTALLED_APPS = [
    "hauspost.doors.ui",
    "hauspost.doors.desk",
    "hauspost.doors.portal",
    "hauspost.doors.api",
    "hauspost.duties.reactions",
    "hauspost.duties.keeping",
    "hauspost.duties.privacy",
    "hauspost.duties.intake",
    "hauspost.duties.notices",
    "hauspost.records.tickets",
    "hauspost.records.catalogue",
    "hauspost.records.places",
    "hauspost.records.people",
    # allauth's tables and scripts for second factors, nothing else of it.
    "hauspost.records.people.apps.Factors",
    "hauspost.ground.history",
    "hauspost.ground.mail",
    "hauspost.ground.search",
    "hauspost.ground.files",
    "hauspost.ground.vitals",
    "hauspost.ground.accounts",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "django_htmx",
]
MIDDLEWARE = [
    "hauspost.doors.ui.request_log.RequestLog",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "hauspost.doors.ui.middleware.SafeHeaders",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "hauspost.doors.ui.middleware.PersonsLanguageAndZone",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "hauspost.doors.ui.signing_confirming.SecondFactorFirst",
    "hauspost.doors.ui.middleware.RefusalsInWords",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "APP_DIRS": True,
        "OPTIONS": {
            "environment": "hauspost.doors.ui.environment.environment",
            "context_processors": ["django.template.context_processors.request"],
        },
    },
    {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True},
]
FORM_RENDERER = "django.forms.renderers.Jinja2"

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "people.Person"
AUTHENTICATION_BACKENDS = ["hauspost.records.people.login.AddressBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["name"]},
    },
]
LOGIN_URL = "sign-in"

SESSION_COOKIE_NAME = "hauspost"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _secure
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = (_url.path.rstrip("/") or "") + "/"
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_FAILURE_VIEW = "hauspost.doors.ui.stale_forms.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
USE_X_FORWARDED_HOST = False
DATA_UPLOAD_MAX_MEMORY_SIZE = 5_000_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000

LANGUAGE_CODE = HAUSPOST.language
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [str(PACKAGE / "locale")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = HAUSPOST.time_zone

STATIC_URL = "static/"
STATIC_ROOT = str(HAUSPOST.data / "static")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
# Our links carry a hash of the content.
WHITENOISE_MAX_AGE = 365 * 24 * 3600


DATABASES = {"default": _databases.settings_of(HAUSPOST.database_url, HAUSPOST.data)}

LOGGING_CONFIG = "hauspost.ground.logs.configure"
LOGGING = {"format": HAUSPOST.log_format}
