"""Settings of Homenode, read from the environment; a bad value stops the start.

Every variable is named in README.md. Where DATABASE_URL or REDIS_URL is not
given, the embedded services below HOMENODE_DATA are used (config/local/).
"""

import socket
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from assignments.retention.rules.limits import KeepLimits
from config import environment as env
from config.local.addresses import console_address
from config.local.state import data_dir, database_url, keep_secret_key, redis_url
from config.version import VERSION as VERSION  # a setting, for templates

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = data_dir()


DEBUG = env.switch("DEBUG")
LOCAL = env.switch("HOMENODE_LOCAL")


def _secret_key() -> str:
    """The key from the environment, or the one `manage.py up` keeps beside the data."""
    return env.secret("SECRET_KEY") or keep_secret_key(DATA_DIR / "secret_key")


SECRET_KEY = _secret_key()
# Lists of users as files are an operator's, unless this says that viewers may have them too.
VIEWERS_MAY_EXPORT = env.switch("VIEWERS_MAY_EXPORT")
# Encrypts the passwords of directories; without one a key is made once beside the data.
DIRECTORY_KEY = env.secret("DIRECTORY_KEY")
LOOPBACK = ["localhost", "127.0.0.1", "[::1]"]
# `manage.py up` asks its own web server by its loopback name, whatever names people use.
ALLOWED_HOSTS = [*(env.hosts("ALLOWED_HOSTS") or LOOPBACK), *(LOOPBACK if LOCAL else [])]
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS")

URL_PREFIX = env.prefix("URL_PREFIX")
FORCE_SCRIPT_NAME = URL_PREFIX or None

# The beginning of links that a command prints.
CONSOLE_ADDRESS = console_address(
    DATA_DIR,
    CSRF_TRUSTED_ORIGINS,
    [host for host in ALLOWED_HOSTS if host not in LOOPBACK],
    env.number("PORT", 8000),
)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "django_htmx",
    "csp",
    "pgtrigger",
    "topology",
    "assignments",
    # Rooms with commands of their own; they have no tables, so moving one changes no database.
    "assignments.board",
    "assignments.directory",
    "assignments.intercluster",
    "assignments.moves",
    "assignments.recovery",
    "assignments.retention",
    "assignments.runs",
    "assignments.simulation",
    "assignments.users",
    "config.local",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "topology.views.headers.PrivateAnswers",
    "topology.views.tracing.TracedRequests",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "topology.views.detour.SignInFirst",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "topology.views.whole.WholePages",
    "topology.views.reading.ReadableRequests",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "topology.views.context.page",
            ],
            "builtins": [f"topology.templatetags.{name}" for name in ("console", "scripts", "addresses")],
            "loaders": [("django.template.loaders.cached.Loader", ["config.template_loader.Loader"])],
        },
    },
]


# The database is on an SSD or in memory: going to a row by an index costs little more than reading on, and compiling a
# query of milliseconds more than the query. PostgreSQL's defaults assume neither.
PLANNING = "-c random_page_cost=1.1 -c jit=off"
# A host that went away without a word (power, network) is found within half a minute, not after the quarter of an hour
# for which TCP tries again; `?keepalives_idle=…` in DATABASE_URL says otherwise.
FOUND_GONE = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,  # milliseconds
}


def _database() -> dict[str, object]:
    config = env.database(env.text("DATABASE_URL") or database_url(DATA_DIR))
    # A web process shares a pool; what forks or tests (DATABASE_POOL=0) keeps one connection per thread.
    options: dict[str, object] = {"options": PLANNING, **FOUND_GONE, **config.get("OPTIONS", {})}
    if env.switch("DATABASE_PGBOUNCER"):  # it takes no options of a session, and each transaction another
        del options["options"]
        options["prepare_threshold"] = None
        config["DISABLE_SERVER_SIDE_CURSORS"] = True
    config["OPTIONS"] = options
    if size := env.number("DATABASE_POOL", 8):
        config["CONN_MAX_AGE"] = 0
        options["pool"] = {"min_size": 1, "max_size": size, "timeout": 5}
    else:
        config["CONN_MAX_AGE"] = 60
        config["CONN_HEALTH_CHECKS"] = True
    return config


DATABASES = {"default": _database()}
# Requests that a web process works on at once; more of them wait, or come back (config/admission.py).
WEB_CONNECTIONS = env.number("DATABASE_POOL", 8) or 16
REDIS_URL = env.redis(env.text("REDIS_URL") or redis_url(DATA_DIR))
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en"
TIME_ZONE = env.zone("TIME_ZONE")
USE_TZ = True
USE_I18N = False  # one language; asking for it took a thirtieth of a page

STATIC_URL = f"{URL_PREFIX}/static/"
# The page of the API is drawn with files of Ninja, which as an installed app every command would load.
NINJA = find_spec("ninja")
STATICFILES_DIRS = [
    BASE_DIR / "static",
    *(Path(place) / "static" for place in (NINJA and NINJA.submodule_search_locations) or ()),
]
STATIC_ROOT = Path(env.text("STATIC_ROOT") or DATA_DIR / "staticfiles")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or LOCAL
        else "config.static_storage.HashedModules"
    },
}
# Asked ahead of Django's handler (config/static_front.py).
STATIC_SERVER = (
    "config.local.static_files.CompressedFiles" if DEBUG or LOCAL else "whitenoise.middleware.WhiteNoiseMiddleware"
)
WHITENOISE_USE_FINDERS = DEBUG or LOCAL
# A file that changes under a running server would be cut off at the length it had at the start.
WHITENOISE_AUTOREFRESH = DEBUG or LOCAL
# Bodies are bounded before they are parsed; files of an import have a bound of their own and go to disk.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000  # bytes; ten thousand chosen users are 200 kB
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

LIVE_BOARD = "assignments.board.views.shared.shared_now"  # what consoles that watch a cluster are shown

# Failed sign-ins are counted in the database: people get in, and guesses wait, whatever Redis does.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "topology_cache"}}
ACCOUNT_RATE_LIMITS = {"login_failed": "20/m/ip,5/5m/key"}
ACCOUNT_ADAPTER = "topology.accounts.addresses.SignInAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_METHODS = {"username"}
# How many proxies of ours stand in front and add to X-Forwarded-For; without it the header is not believed.
API_REQUESTS_PER_MINUTE = env.number("API_REQUESTS_PER_MINUTE", 600)  # of one token
ALLAUTH_TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXY_COUNT", 0)
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
# Plain HTTP only for the loopback of `make run`; everywhere else TLS is expected in front.
# Prometheus asks beside the proxy, with a token of its own (docker/compose.yml).
SECURE_REDIRECT_EXEMPT = [r"^metrics$"]
SECURE_SSL_REDIRECT = env.switch("SECURE_SSL_REDIRECT", default=True) and not (DEBUG or LOCAL)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 0 if (DEBUG or LOCAL) else env.number("SECURE_HSTS_SECONDS", 31_536_000)
# Both speak for other hosts of the domain as well, and are hard to take back: their operator decides.
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.switch("SECURE_HSTS_INCLUDE_SUBDOMAINS")
SECURE_HSTS_PRELOAD = env.switch("SECURE_HSTS_PRELOAD")
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]  # they ask for just these two
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not (DEBUG or LOCAL)
SESSION_COOKIE_NAME = "homenode_session"
CSRF_COOKIE_NAME = "homenode_csrf"
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = f"{URL_PREFIX}/"
CSRF_FAILURE_VIEW = "topology.views.failures.untrusted"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"

# Days for which what is done with is kept; 0 is for ever (docs/operations.md, "A year of it").
KEEP_MOVES_DAYS = env.number("KEEP_MOVES_DAYS", 180)
KEEP_SIMULATIONS_DAYS = env.number("KEEP_SIMULATIONS_DAYS", 180)
KEEP_EVENTS_DAYS = env.number("KEEP_EVENTS_DAYS", 730)
ARCHIVE_DIR = Path(env.text("ARCHIVE_DIR") or DATA_DIR / "archive")
if _problem := KeepLimits(KEEP_MOVES_DAYS, KEEP_SIMULATIONS_DAYS, KEEP_EVENTS_DAYS).problem:
    raise ImproperlyConfigured(f"KEEP_MOVES_DAYS, KEEP_SIMULATIONS_DAYS, KEEP_EVENTS_DAYS: {_problem}.")

CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# For ever: a process without a broker for an hour should find work again by itself.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 60
CELERY_TASK_SOFT_TIME_LIMIT = 45
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TIMEZONE = TIME_ZONE  # of what happens at night
# Every task is found again by the beat's sweep; a lost delivery must not come back an hour later.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    # As FOUND_GONE says of the database; what a system does not know is left out.
    "socket_keepalive_options": {
        getattr(socket, name): value
        for name, value in {
            "TCP_KEEPIDLE": FOUND_GONE["keepalives_idle"],
            "TCP_KEEPINTVL": FOUND_GONE["keepalives_interval"],
            "TCP_KEEPCNT": FOUND_GONE["keepalives_count"],
            "TCP_USER_TIMEOUT": FOUND_GONE["tcp_user_timeout"],
        }.items()
        if hasattr(socket, name)
    },
}
CELERY_BEAT_SCHEDULER = "config.beat:SingleScheduler"
CELERY_BEAT_SCHEDULE = {
    "tick": {"task": "assignments.tick", "schedule": 1.0, "options": {"expires": 2}},
}

LOG_FORMAT = env.text("LOG_FORMAT", "text")
if LOG_FORMAT not in ("text", "json"):
    raise ImproperlyConfigured(f"LOG_FORMAT={LOG_FORMAT} is not known: give text or json.")
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {"format": "%(levelname)s %(name)s: %(message)s"},
        # Only where it is asked for: what writes it takes a tenth of a second of every command.
        **({"json": {"()": "config.json_logs.formatter"}} if LOG_FORMAT == "json" else {}),
    },
    "filters": {"secrets": {"()": "config.log_filter.WithoutSecrets"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["secrets"]}},
    "root": {"handlers": ["console"], "level": env.log_level("LOG_LEVEL")},
    # A line for each request is for machines; a terminal would show nothing else.
    "loggers": {
        "homenode.requests": {"level": "INFO" if LOG_FORMAT == "json" else "WARNING"},
        "celery": {"level": "WARNING"},  # its word on each task says nothing new
    },
}
if LOG_FORMAT == "json":  # what granian says goes the same way
    LOGGING["loggers"] |= {
        name: {"handlers": ["console"], "propagate": False} for name in ("_granian", "django.server")
    }
