"""Django's settings, built from kit.environment; values that stand for a decision say why."""

import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from api.openapi import components
from config.databases import databases
from config.logs import configure_structlog, logging_configuration
from config.mail import mail_server
from kit.environment import environment

_HERE = environment()
BASE_DIR = Path(__file__).resolve().parent.parent
DEBUG = _HERE.debug and not _HERE.production
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

_MIN_SECRET_LENGTH = 32
SECRET_KEY = _HERE.secret_key.get_secret_value()
SECRET_KEY_FALLBACKS = [one for one in [_HERE.former_secret_key.get_secret_value()] if one]
if len(SECRET_KEY) < _MIN_SECRET_LENGTH:
    if _HERE.production:
        raise ImproperlyConfigured(
            "STONEPINE_SECRET_KEY must hold at least 32 characters in production."
        )
    # Good for commands and tests; whatever signs in needs a key that outlives the process.
    SECRET_KEY = secrets.token_urlsafe(48)

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django.forms",
    "csp",
    "django_htmx",
    "template_partials",
    "rest_framework",
    "drf_spectacular",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "accounts",
    "audit",
    "orgs",
    "projects",
    "indexes",
    "indexes.metrics",
    "billing",
    "sso",
    "sso.scim",
    "webhooks",
    "notices",
    "api",
    "console",
]

MIDDLEWARE = [
    "config.requests.RequestContextMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "console.sign_on_sessions.SignOnMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# A select of its own: Django's includes two templates for each choice, which for the audit log's
# 180 acts took more than the rest of the page.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

DATABASES = databases(_HERE)
DATABASE_ROUTERS = ["config.databases.SpeltOutRoles"]

_REDIS_URL = _HERE.redis_url.get_secret_value()
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": _REDIS_URL,
        "KEY_PREFIX": "stonepine",
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 2},
    }
    if _REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
# NIST SP 800-63B: length and known-bad lists, no composition rules.
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 15},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
]
PASSWORD_RESET_TIMEOUT = 60 * 60
LOGIN_URL = "/signin"
LOGIN_REDIRECT_URL = "/"

# allauth does the work behind our own pages, verbs and throttle; its own URLs are not mounted.
ACCOUNT_ADAPTER = "console.auth.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
# No account is made before its address is proven: see orgs.sign_up.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_TIMEOUT = 15 * 60
MFA_ADAPTER = "accounts.second_factors.SealingAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Stonepine"
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODE_DIGITS = 10

_MAIL = mail_server(_HERE)
EMAIL_BACKEND = _MAIL.backend
EMAIL_HOST, EMAIL_PORT = _MAIL.host, _MAIL.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _MAIL.user, _MAIL.password
EMAIL_USE_TLS, EMAIL_USE_SSL = _MAIL.has_starttls, _MAIL.is_tls
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = _HERE.mail_from

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 7

# The gateway alone reaches the web process, and says how the client came in.
_IS_HTTPS = _HERE.advertised_scheme == "https"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _IS_HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
# Cookies know no ports: two homes, one host. With the prefix no other host may set them.
_COOKIES = "__Host-stonepine" if _IS_HTTPS else "stonepine"
SESSION_COOKIE_NAME = f"{_COOKIES}_session_{_HERE.port}"
CSRF_COOKIE_NAME = f"{_COOKIES}_csrf_{_HERE.port}"
CSRF_FAILURE_VIEW = "config.failures.csrf_failure"
# The gateway says Strict-Transport-Security on every answer, its own and the nodes' as well.
SILENCED_SYSTEM_CHECKS = ["security.W004"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
ALLOWED_HOSTS = sorted(
    {_HERE.advertised_host, _HERE.bind_host, "127.0.0.1", "localhost", "[::1]"} - {"0.0.0.0"}  # noqa: S104 - compared, not bound
)
DATA_UPLOAD_MAX_MEMORY_SIZE = FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
# No temporary files: bodies are read before anybody has signed in. A larger upload is dropped.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    }
}

STATIC_URL = "/static/"
# Served from the packages themselves: no collect step between an upgrade and a right page.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["api.auth.ApiKeyAuthentication"],
    # Authentication refuses whoever has no key; what a key may do is decided by verbs and queries.
    "DEFAULT_PERMISSION_CLASSES": ["api.auth.HasActor"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "api.parsing.AnswersWhateverIsAccepted",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "api.errors.handle",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Stonepine",
    "DESCRIPTION": "The control plane: indexes and what belongs to them.",
    "VERSION": "2026-07",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "APPEND_COMPONENTS": components(),
}

configure_structlog()
LOGGING = logging_configuration()
