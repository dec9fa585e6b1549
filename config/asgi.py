"""The ASGI application that granian serves."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django = get_asgi_application()

from django.conf import settings  # noqa: E402 - the settings are there now
from django.utils.module_loading import import_string  # noqa: E402

from config.admission import Admission  # noqa: E402
from config.static_front import StaticFront  # noqa: E402
from topology.live import clocks  # noqa: E402

clocks.of_web.begin()
admitted = Admission(django, settings.WEB_CONNECTIONS, settings.URL_PREFIX, clocks.of_web)
application = StaticFront(admitted, import_string(settings.STATIC_SERVER)(lambda request: None))
