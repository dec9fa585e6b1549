"""Reading the environment: what means nothing stops the start, and says what to give instead."""

import os
import re
from typing import Any
from zoneinfo import ZoneInfo

import environ
from django.core.exceptions import ImproperlyConfigured

ON, OFF = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
HOST = re.compile(r"\*|\.?[\w-]+(\.[\w-]+)*\.?|\[[0-9A-Fa-f:.]+\]", re.ASCII)
ORIGIN = re.compile(r"https?://[^/\s]+")
REDIS = re.compile(r"(rediss?|unix)://\S+")


def text(name: str, default: str = "") -> str:
    """What a variable says; one that is empty says nothing."""
    return os.environ.get(name, "").strip() or default


def secret(name: str) -> str:
    """A key, to the letter."""
    return os.environ.get(name, "")


def number(name: str, default: int) -> int:
    """A whole number."""
    given = text(name, str(default))
    if not given.isascii() or not given.isdigit():
        raise ImproperlyConfigured(f"{name}={given} is not a whole number: give one such as {default}.")
    return int(given)


def switch(name: str, *, default: bool = False) -> bool:
    """Whether something is on."""
    given = text(name).lower()
    if given not in (*ON, *OFF, ""):
        raise ImproperlyConfigured(f"{name}={given} is neither on nor off: give 1 or 0.")
    return given in ON if given else default


def listed(name: str) -> list[str]:
    """What is separated by commas, with or without blanks."""
    return [part.strip() for part in text(name).split(",") if part.strip()]


def hosts(name: str) -> list[str]:
    """Names of hosts, as they stand in the header Host."""
    for host in (given := listed(name)):
        if not HOST.fullmatch(host):
            raise ImproperlyConfigured(
                f"{name}={host} is not the name of a host: give it without scheme, port and path."
            )
    return given


def origins(name: str) -> list[str]:
    """Origins of forms, as a browser names them."""
    given = [origin.rstrip("/") for origin in listed(name)]
    for origin in given:
        if not ORIGIN.fullmatch(origin):
            raise ImproperlyConfigured(
                f"{name}={origin} is not an origin: give one such as https://console.example.org, without a path."
            )
    return given


def log_level(name: str) -> str:
    """How much is logged."""
    level = text(name, "INFO").upper()
    if level not in LOG_LEVELS:
        raise ImproperlyConfigured(f"{name}={level} is not known: give DEBUG, INFO, WARNING or ERROR.")
    return level


def zone(name: str) -> str:
    """The name of a time zone."""
    given = text(name, "UTC")
    try:
        ZoneInfo(given)
    except (ValueError, OSError, KeyError):  # of what is no name, a folder, and what is not known
        raise ImproperlyConfigured(f"{name}={given} is not a time zone: give a name such as Europe/Berlin.") from None
    return given


def prefix(name: str) -> str:
    """The path below which a proxy shows the console, such as "/console"; "" for none."""
    path = text(name).strip("/")
    if not re.fullmatch(r"[\w.~/-]*", path, re.ASCII) or "//" in path:
        raise ImproperlyConfigured(
            f"{name}={path} is not a valid path: give letters, digits and - . _ ~ /, such as /console"
        )
    return f"/{path}" if path else ""


def database(url: str) -> dict[str, Any]:
    """Django's settings of the database at an address, which stays unsaid: it holds the password."""
    try:
        config: dict[str, Any] = dict(environ.Env.db_url_config(url))
    except (ValueError, KeyError):
        config = {}
    if not config.get("NAME"):
        raise ImproperlyConfigured(
            "DATABASE_URL is not an address: give postgresql://USER:PASSWORD@HOST:PORT/NAME, with % for odd characters."
        )
    if config.get("ENGINE") != "django.db.backends.postgresql":
        raise ImproperlyConfigured("DATABASE_URL names another engine: Homenode needs postgresql://…")
    return config


def redis(url: str) -> str:
    """The address of a server that speaks as Redis does."""
    if not REDIS.fullmatch(url):
        raise ImproperlyConfigured(
            "REDIS_URL is not an address: give redis://:PASSWORD@HOST:PORT/0, or rediss:// for TLS."
        )
    return url
