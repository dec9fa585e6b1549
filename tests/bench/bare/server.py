"""One UPDATE … RETURNING behind the console's own server, driver and pool: nobody is known, nothing is asked.

POST /?user=5&node=2    gives the user that home and answers its key
"""

from django.conf import settings

import config.settings as ours

NAMES = ("SECRET_KEY", "DATABASES", "ALLOWED_HOSTS", "USE_TZ", "DEFAULT_AUTO_FIELD")
settings.configure(ROOT_URLCONF=__name__, MIDDLEWARE=[], **{name: getattr(ours, name) for name in NAMES})

from django.core.asgi import get_asgi_application  # noqa: E402 - the settings are there now
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402

from tests.bench.bare.update import update  # noqa: E402


def move(request: HttpRequest) -> HttpResponse:
    """Give a user a home."""
    return HttpResponse(update(request.GET["user"], request.GET["node"]))


def alive(request: HttpRequest) -> HttpResponse:
    """What whoever started it waits for."""
    return HttpResponse()


urlpatterns = [path("", move), path("healthz", alive)]
application = get_asgi_application()
