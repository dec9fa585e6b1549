"""The console's own web process with one address more: a signed-in operator's UPDATE … RETURNING, and nothing else.

    POST /bare-update    user=5&node=2    gives the user that home and answers its key

Server, middlewares, session, rights and pool are those of a drag: what is left between the two is the drag itself.
"""

from config.asgi import application as application  # what granian serves; it sets Django up

# isort: split
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_POST

from config.urls import urlpatterns
from tests.bench.bare.update import ADDRESS, update
from topology.accounts import roles
from topology.views.http import needs_role


@require_POST
@needs_role(roles.OPERATE)
def move(request: HttpRequest) -> HttpResponse:
    """Give a user a home."""
    return HttpResponse(update(request.POST["user"], request.POST["node"]))


urlpatterns.append(path(ADDRESS[1:], move))
