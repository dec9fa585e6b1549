"""Moving users by hand: what may go where, the drop, and the same without dragging. One predicate, one code path."""

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from assignments.selectors import UserFilter
from assignments.services import moves
from assignments.services.hand_moves import AT_ONCE
from assignments.services.moves import Moved, Selection, Verdict
from assignments.views.page import map_context
from assignments.views.shown import filter_of, number
from topology import reasons, roles
from topology.http import needs
from topology.models import Cluster, Node
from topology.reasons import Refused
from topology.selectors import cluster_named

FIELDS = ("node", "query", "users", "list")  # how a page says what is chosen


@require_POST
@needs(roles.SEE)
def targets(request: HttpRequest, cluster: str) -> HttpResponse:
    """The verdict of every target and the name of what is dragged; asked once when a drag begins."""
    chosen = _selection(request.POST, cluster_named(cluster))
    judged = moves.judge(chosen, roles.role_of(request.user))
    told = {target: verdict.as_dict() for target, verdict in judged.targets.items()}
    return JsonResponse({"label": _label(chosen, judged.users), "targets": told})


@require_POST
@needs(roles.OPERATE)
def move(request: HttpRequest, cluster: str) -> HttpResponse:
    """The drop. A large one is asked about first; the answer is the fresh fragments of the nodes it touched."""
    found = cluster_named(cluster)
    chosen = _selection(request.POST, found)
    to = request.POST.get("to", "")
    if not to:
        raise Refused(reasons.MOVE_NEEDS_TARGET)
    verdict = moves.verdict(chosen, to, roles.role_of(request.user))
    # What was confirmed is a number: if another number would move by now, it is asked again.
    if verdict.coming > AT_ONCE and number(request.POST.get("confirmed")) != verdict.coming:
        return _ask(request, found, chosen, verdict)
    return _done(request, found, moves.move(chosen, to, request.user), verdict.short_name)


@require_POST
@needs(roles.OPERATE)
def undo(request: HttpRequest, cluster: str, pk: int) -> HttpResponse:
    """Move back whom a move moved."""
    return _done(request, cluster_named(cluster), moves.undo(pk, request.user), "their former home")


@require_GET
@needs(roles.OPERATE)
def dialog(request: HttpRequest, cluster: str) -> HttpResponse:
    """ "Move to…": every node with its verdict and the reason."""
    found = cluster_named(cluster)
    chosen = _selection(request.GET, found)
    judged = moves.judge(chosen, roles.role_of(request.user))
    context = {
        "cluster": found,
        "label": _label(chosen, judged.users),
        "groups": judged.groups(),
        "unassigned": judged.targets[moves.UNASSIGNED],
        "fields": _fields(request.GET),
    }
    return render(request, "assignments/_move_dialog.html", context)


def _selection(asked: QueryDict, cluster: Cluster) -> Selection:
    if node := number(asked.get("node")):
        return Selection(cluster, where=UserFilter(cluster.pk, node_id=node))
    if (query := asked.get("query")) is not None:
        return Selection(cluster, where=filter_of(QueryDict(query[:2000]), cluster)[0])
    keys = {key for text in asked.get("users", "").split(",") if (key := number(text)) is not None}
    return Selection(cluster, tuple(sorted(keys)), drawn=_drawn(asked.get("list", "")))


def _drawn(place: str) -> int | None:
    """The home that a list shows: "node:3" is 3, "unassigned" 0; a list of several homes has none."""
    kind, _, key = place.partition(":")
    return 0 if place == moves.UNASSIGNED else number(key) if kind == "node" else None


def _fields(asked: QueryDict) -> list[tuple[str, str]]:
    return [(name, value) for name in FIELDS if (value := asked.get(name)) is not None]


def _label(chosen: Selection, users: int) -> str:
    """What moves: "Move 3 users of imp1a"."""
    place = chosen.where.node_id if chosen.where else chosen.drawn
    node = Node.objects.filter(cluster=chosen.cluster, pk=place).first() if place else None
    whose = f" of {node.short_name}" if node else " without a home node" if place == 0 else ""
    return f"Move {users:,} {'user' if users == 1 else 'users'}{whose}"


def _ask(request: HttpRequest, cluster: Cluster, chosen: Selection, verdict: Verdict) -> HttpResponse:
    context = {
        "cluster": cluster,
        "label": _label(chosen, verdict.coming),
        "verdict": verdict,
        "fields": [*_fields(request.POST), ("to", verdict.target)],
    }
    response = render(request, "assignments/_move_confirm.html", context)
    response["HX-Retarget"], response["HX-Reswap"] = "#dialog", "innerHTML"
    return response


def _done(request: HttpRequest, cluster: Cluster, moved: Moved, to: str) -> HttpResponse:
    """What was done, with its undo, and the nodes whose numbers changed."""
    context = map_context(cluster.name)
    views = [view for view in context["board"].nodes if view.node.pk in moved.nodes]
    context |= {"views": views, "operation": moved.operation, "to": to}
    response = render(request, "assignments/_move_done.html", context)
    response["HX-Retarget"], response["HX-Reswap"], response["HX-Trigger"] = (
        "#messages",
        "innerHTML",
        "close-dialog, moved",
    )
    return response
