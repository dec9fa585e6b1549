"""Addresses of what shows people and nodes together, and of what changes who is served where."""

from django.urls import path

from assignments.views import moves, page, users

urlpatterns = [
    path("", page.home, name="home"),
    path("clusters/<str:cluster>/", page.cluster, name="cluster"),
    path("clusters/<str:cluster>/strip", page.strip, name="strip"),
    path("clusters/<str:cluster>/tree", page.tree, name="tree"),
    path("clusters/<str:cluster>/map", page.map_, name="map"),
    path("clusters/<str:cluster>/subclusters/<int:pk>", page.subcluster, name="subcluster"),
    path("clusters/<str:cluster>/nodes/<int:pk>", page.node, name="node"),
    path("clusters/<str:cluster>/users", users.users, name="users"),
    path("clusters/<str:cluster>/moves/", moves.move, name="move"),
    path("clusters/<str:cluster>/moves/targets", moves.targets, name="move-targets"),
    path("clusters/<str:cluster>/moves/dialog", moves.dialog, name="move-dialog"),
    path("clusters/<str:cluster>/moves/<int:pk>/undo", moves.undo, name="undo-move"),
]
