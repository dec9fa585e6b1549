"""Addresses that need only the topology."""

from django.urls import path

from topology.live.stream import stream
from topology.views import accounts, dns, pages, tour

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
    path("accounts/", accounts.accounts, name="accounts"),
    path("accounts/new", accounts.invite, name="invite"),
    path("accounts/tokens", accounts.new_token, name="new-token"),
    path("accounts/tokens/<int:pk>/revoke", accounts.revoke_token, name="revoke-token"),
    path("accounts/<int:pk>/role", accounts.set_role, name="set-role"),
    path("accounts/<int:pk>/active", accounts.set_active, name="set-active"),
    path("accounts/<int:pk>/delete", accounts.delete, name="delete-account"),
    path("accounts/<int:pk>/sessions", accounts.end_sessions, name="end-sessions"),
    path("clusters/<str:cluster_name>/dns/", dns.dns, name="dns"),
    path("clusters/<str:cluster_name>/dns/zone", dns.dns_file, {"kind": "zone"}, name="dns-zone"),
    path("clusters/<str:cluster_name>/dns/nsupdate", dns.dns_file, {"kind": "nsupdate"}, name="dns-nsupdate"),
    path("clusters/<str:cluster_name>/dns/check", dns.dns_check, name="dns-check"),
    path("clusters/<str:cluster_name>/history/", pages.history, name="history"),
]
