"""Addresses that need only the topology."""

from django.urls import path

from topology.live.stream import stream
from topology.views import pages, tour

urlpatterns = [
    path("sign-in/", pages.SignIn.as_view(), name="sign-in"),
    path("sign-in/link/<str:token>/", pages.sign_in_link, name="sign-in-link"),
    path("sign-out/", pages.sign_out, name="sign-out"),
    path("tour/<int:pk>/", tour.tour, name="tour"),
    path("tour/done/", tour.done, name="tour-done"),
    path("stream", stream, name="stream"),
    path("hide-names", pages.hide_names, name="hide-names"),
    path("healthz", pages.healthz, name="healthz"),
    path("readyz", pages.healthz, name="readyz"),
    path("livez", pages.livez, name="livez"),
    path("trouble", pages.trouble, name="trouble"),
    path("clusters/<str:cluster>/history/", pages.history, name="history"),
]
