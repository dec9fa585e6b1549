"""Addresses of what shows people and nodes together, and of what changes who is served where."""

from django.urls import path

from assignments.board.views import checks, commands, load, metrics, page, palette, settings
from assignments.board.views.overview import overview, switcher
from assignments.board.views.structure import checklist, structure
from assignments.directory.views import directory
from assignments.intercluster.views import balance, duplicates, peers
from assignments.intercluster.views import moves as cluster_moves
from assignments.moves.views import chosen, drag_presence, drop, node_drop, removal
from assignments.recovery.views import maintenance, recovery, sign_in_rate
from assignments.runs.views import plans, run_policy, runs
from assignments.simulation.views import whatif
from assignments.users.views import by_id, export, imports, lists, ranges, saved_views, search

urlpatterns = [
    path("clusters/<str:cluster_name>/directory/", directory.directory, name="directory"),
    path("clusters/<str:cluster_name>/directory/agreement", directory.store, name="directory-store"),
    path("clusters/<str:cluster_name>/directory/end", directory.end, name="directory-end"),
    path("clusters/<str:cluster_name>/directory/read", directory.read_now, name="directory-read"),
    path("clusters/<str:cluster_name>/directory/skipped/", directory.skipped, name="directory-skipped"),
    path("clusters/<str:cluster_name>/directory/runs/<int:pk>/", directory.changes, name="directory-changes"),
    path("clusters/<str:cluster_name>/directory/runs/<int:pk>/decide", directory.decide, name="directory-decide"),
    path("duplicates/", duplicates.duplicates, name="duplicates"),
    path("balance/", balance.balance, name="balance-clusters"),
    path("peers/", peers.all_peers, name="all-peers"),
    path("clusters/<str:cluster_name>/peers/", peers.of_cluster, name="peers"),
    path("clusters/<str:cluster_name>/peers/release", peers.release, name="release"),
    path("clusters/<str:cluster_name>/peers/<str:remote>/<slug:what>", peers.act, name="peer-act"),
    path("clusters/<str:cluster_name>/duplicates/clear", duplicates.clear, name="clear-uris"),
    path("clusters/<str:cluster_name>/duplicates/unassign", duplicates.unassign_here, name="unassign-here"),
    path("clusters/<str:cluster_name>/users/<int:pk>/uri", duplicates.set_uri, name="set-uri"),
    path("", page.home, name="home"),
    path("clusters/<str:cluster_name>/", page.cluster, name="cluster"),
    path("clusters/<str:cluster_name>/strip", page.summary_bar, name="summary-bar"),
    path("clusters/<str:cluster_name>/tree", page.tree, name="tree"),
    path("clusters/<str:cluster_name>/map", page.map_, name="map"),
    path("clusters/<str:cluster_name>/subclusters/<int:pk>", page.subcluster, name="subcluster"),
    path("clusters/<str:cluster_name>/nodes/<int:pk>", page.node, name="node"),
    path("clusters/<str:cluster_name>/commands/", commands.commands, name="commands"),
    path("clusters/<str:cluster_name>/load/", load.curves, name="load"),
    path("clusters/<str:cluster_name>/checks/", checks.checks, name="checks"),
    path("clusters/<str:cluster_name>/users", lists.users, name="users"),
    path("clusters/<str:cluster_name>/users/range", ranges.user_range, name="user-range"),
    path("clusters/<str:cluster_name>/users/by-id", by_id.by_id, name="users-by-id"),
    path("clusters/<str:cluster_name>/import", imports.upload, name="import"),
    path("clusters/<str:cluster_name>/settings", settings.settings, name="settings"),
    path("clusters/<str:cluster_name>/placing", settings.placing, name="placing"),
    path("clusters/<str:cluster_name>/plans", plans.make_plan, name="plans"),
    path("clusters/<str:cluster_name>/nodes/<int:pk>/menu", recovery.menu, name="node-menu"),
    path("clusters/<str:cluster_name>/nodes/<int:pk>/faults", recovery.fault, name="fault"),
    path("clusters/<str:cluster_name>/nodes/<int:pk>/faults/ask", recovery.ask_fault, name="ask-fault"),
    path("clusters/<str:cluster_name>/nodes/<int:pk>/maintenance", maintenance.show, name="maintenance"),
    path(
        "clusters/<str:cluster_name>/nodes/<int:pk>/maintenance/<slug:what>", maintenance.act, name="maintenance-step"
    ),
    path("clusters/<str:cluster_name>/<str:kind>/<int:pk>/ask/<slug:command>", recovery.ask, name="ask"),
    path("clusters/<str:cluster_name>/<str:kind>/<int:pk>/do/<slug:command>", recovery.act, name="act"),
    path("metrics", metrics.metrics, name="metrics"),
    path("overview/", overview.overview, name="overview"),
    path("palette", palette.palette, name="palette"),
    path("switcher", switcher.switcher, name="switcher"),
    path("keys", palette.keys, name="keys"),
    path("overview/<str:cluster_name>", overview.panel, name="overview-panel"),
    path("users/", search.find_users, name="find-users"),
    path("users/users.csv", search.export, name="find-users-export"),
    path("progress/<slug:key>", imports.progress, name="progress"),
    path("users/views", saved_views.views, name="find-users-views"),
    path("users/views/<int:pk>/delete", saved_views.delete, name="find-users-delete-view"),
    path("new-cluster", structure.new_cluster, name="new-cluster"),
    path("clusters/<str:cluster_name>/structure/", structure.structure, name="structure"),
    path("clusters/<str:cluster_name>/structure/remove", structure.remove_cluster, name="remove-cluster"),
    path("clusters/<str:cluster_name>/structure/subclusters/new", structure.new_subcluster, name="new-subcluster"),
    path(
        "clusters/<str:cluster_name>/structure/subclusters/<int:pk>", checklist.subcluster, name="structure-subcluster"
    ),
    path(
        "clusters/<str:cluster_name>/structure/subclusters/<int:pk>/<slug:what>",
        checklist.subcluster_step,
        name="subcluster-step",
    ),
    path("clusters/<str:cluster_name>/structure/nodes/new", structure.new_node, name="new-node"),
    path("clusters/<str:cluster_name>/structure/nodes/<int:pk>", checklist.node, name="structure-node"),
    path("clusters/<str:cluster_name>/structure/nodes/<int:pk>/change", structure.change_node, name="change-node"),
    path("clusters/<str:cluster_name>/structure/nodes/<int:pk>/<slug:what>", checklist.node_step, name="node-step"),
    path("clusters/<str:cluster_name>/rules", run_policy.rules, name="rules"),
    path("clusters/<str:cluster_name>/recommended", run_policy.recommended, name="recommended"),
    path("plans/<str:plan_hash>/", plans.plan, name="plan"),
    path("plans/<str:plan_hash>/approve", plans.approve, name="approve-plan"),
    path("plans/<str:plan_hash>/run", plans.run_plan, name="run-plan"),
    path("clusters/<str:cluster_name>/operations/", runs.listed, name="operations"),
    path("operations/<int:pk>/", runs.detail, name="operation"),
    path("operations/<int:pk>/bar", runs.bar, name="operation-bar"),
    path("operations/<int:pk>/undo", runs.undo, name="undo"),
    path("operations/<int:pk>/users.csv", export.removed, name="removed-users"),
    path("operations/<int:pk>/cancel/ask", runs.ask_cancel, name="ask-cancel"),
    path("operations/<int:pk>/sign-in-rate", sign_in_rate.sign_in_rate, name="sign-in-rate"),
    path("operations/<int:pk>/<slug:what>", runs.steer, name="steer"),  # pause, resume, cancel, rate, window
    path("clusters/<str:cluster_name>/moves/", drop.move, name="move"),
    path("clusters/<str:cluster_name>/moves/clusters", cluster_moves.move, name="move-to-cluster"),
    path("clusters/<str:cluster_name>/moves/clusters/targets", cluster_moves.targets, name="cluster-targets"),
    path("clusters/<str:cluster_name>/moves/drags", drag_presence.tell_others, name="tell-drag"),
    path("clusters/<str:cluster_name>/drags", drag_presence.others, name="drags"),
    path("clusters/<str:cluster_name>/moves/node", node_drop.place, name="place-node"),
    path("clusters/<str:cluster_name>/moves/node/targets", node_drop.targets, name="node-targets"),
    path("clusters/<str:cluster_name>/moves/targets", drop.targets, name="move-targets"),
    path("clusters/<str:cluster_name>/moves/dialog", drop.dialog, name="move-dialog"),
    path("clusters/<str:cluster_name>/moves/<int:pk>/undo", drop.undo, name="undo-move"),
    path("clusters/<str:cluster_name>/views", saved_views.views, name="saved-views"),
    path("clusters/<str:cluster_name>/views/<int:pk>/delete", saved_views.delete, name="delete-view"),
    path("clusters/<str:cluster_name>/people/details", chosen.details, name="details"),
    path("clusters/<str:cluster_name>/people/pin", chosen.pin, name="pin"),
    path("clusters/<str:cluster_name>/people/remove", removal.remove, name="remove-users"),
    path("clusters/<str:cluster_name>/people/unpin", chosen.unpin, name="unpin"),
    path("clusters/<str:cluster_name>/people/export", chosen.export_dialog, name="export-dialog"),
    path("clusters/<str:cluster_name>/people/export.csv", chosen.export, name="export"),
    path("clusters/<str:cluster_name>/what-if/", whatif.page, name="what-if"),
    path("what-if/<slug:key>/", whatif.show, name="simulation"),
    path("what-if/<slug:key>/at", whatif.instant, name="simulation-instant"),
    path("what-if/<slug:key>/scenario.yaml", whatif.export, name="simulation-export"),
    path("what-if/<slug:key>/delete", whatif.delete, name="simulation-delete"),
]
