"""Addresses of the console."""

from django.urls import include, path

from config.api import api
from topology.api.site import addresses

urlpatterns = [
    path("api/v1/", include((addresses(api), "api"))),
    path("", include("topology.urls")),
    path("", include("assignments.urls")),
]

handler500 = "topology.views.failures.failed"
