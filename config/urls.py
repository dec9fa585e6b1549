"""Addresses of the console."""

from django.urls import include, path

urlpatterns = [
    path("", include("topology.urls")),
    path("", include("assignments.urls")),
]

handler500 = "topology.views.failures.failed"
