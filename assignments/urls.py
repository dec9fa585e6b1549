"""Addresses of what shows people and nodes together, and of what changes who is served where."""

from django.urls import path

from assignments.views import checks, imports, moves, page, recovery, rules, runs, settings, users, whatif

urlpatterns = [
    path("", page.home, name="home"),
    path("clusters/<str:cluster>/", page.cluster, name="cluster"),
    path("clusters/<str:cluster>/strip", page.strip, name="strip"),
    path("clusters/<str:cluster>/tree", page.tree, name="tree"),
    path("clusters/<str:cluster>/map", page.map_, name="map"),
    path("clusters/<str:cluster>/subclusters/<int:pk>", page.subcluster, name="subcluster"),
    path("clusters/<str:cluster>/nodes/<int:pk>", page.node, name="node"),
    path("clusters/<str:cluster>/checks/", checks.checks, name="checks"),
    path("clusters/<str:cluster>/users", users.users, name="users"),
    path("clusters/<str:cluster>/import", imports.upload, name="import"),
    path("clusters/<str:cluster>/settings", settings.settings, name="settings"),
    path("clusters/<str:cluster>/plans", runs.make_plan, name="plans"),
    path("clusters/<str:cluster>/nodes/<int:pk>/menu", recovery.menu, name="node-menu"),
    path("clusters/<str:cluster>/nodes/<int:pk>/faults", recovery.fault, name="fault"),
    path("clusters/<str:cluster>/<str:kind>/<int:pk>/ask/<slug:command>", recovery.ask, name="ask"),
    path("clusters/<str:cluster>/<str:kind>/<int:pk>/do/<slug:command>", recovery.act, name="act"),
    path("clusters/<str:cluster>/rules", rules.rules, name="rules"),
    path("clusters/<str:cluster>/recommended", rules.recommended, name="recommended"),
    path("plans/<str:plan_hash>/", runs.plan, name="plan"),
    path("plans/<str:plan_hash>/approve", runs.approve, name="approve-plan"),
    path("plans/<str:plan_hash>/run", runs.run_plan, name="run-plan"),
    path("clusters/<str:cluster>/operations/", runs.listed, name="operations"),
    path("operations/<int:pk>/", runs.detail, name="operation"),
    path("operations/<int:pk>/bar", runs.bar, name="operation-bar"),
    path("operations/<int:pk>/undo", runs.undo, name="undo"),
    path("operations/<int:pk>/<slug:what>", runs.steer, name="steer"),  # pause, resume, cancel, rate
    path("clusters/<str:cluster>/moves/", moves.move, name="move"),
    path("clusters/<str:cluster>/moves/targets", moves.targets, name="move-targets"),
    path("clusters/<str:cluster>/moves/dialog", moves.dialog, name="move-dialog"),
    path("clusters/<str:cluster>/moves/<int:pk>/undo", moves.undo, name="undo-move"),
    path("clusters/<str:cluster>/what-if/", whatif.page, name="what-if"),
    path("what-if/<slug:key>/", whatif.show, name="simulation"),
    path("what-if/<slug:key>/at", whatif.instant, name="simulation-instant"),
    path("what-if/<slug:key>/scenario.yaml", whatif.export, name="simulation-export"),
    path("what-if/<slug:key>/delete", whatif.delete, name="simulation-delete"),
]
