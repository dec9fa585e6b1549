"""Addresses that need only the topology."""

from django.urls import path

from topology import tour, views
from topology.stream import stream

urlpatterns = [
    path("sign-in/", views.SignIn.as_view(), name="sign-in"),
    path("sign-in/link/<str:token>/", views.sign_in_link, name="sign-in-link"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("tour/<int:pk>/", tour.tour, name="tour"),
    path("tour/done/", tour.done, name="tour-done"),
    path("stream", stream, name="stream"),
    path("hide-names", views.hide_names, name="hide-names"),
    path("healthz", views.healthz, name="healthz"),
    path("clusters/<str:cluster>/history/", views.history, name="history"),
]
