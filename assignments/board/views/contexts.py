"""What the topology page and its fragments are rendered from."""

from typing import Any

from assignments.board.checks import shape_of
from assignments.directory import selectors as directory
from assignments.models import RunPolicy
from assignments.population.board_topics import topics
from assignments.population.selectors import Board, board_of
from assignments.population.sparks import sparks
from assignments.recovery.views.recovery import verbs
from assignments.runs.balancer import RECOMMENDING
from topology.models import Cluster
from topology.rules import deployment
from topology.rules.states import CONDITION_LOOKS, Condition
from topology.structure.selectors import cluster_named


def board_context(cluster: str) -> dict[str, Any]:
    """What summary bar, tree and map show of a cluster."""
    board = board_of(cluster_named(cluster))
    fits = deployment.judge(shape_of(board))
    fit = next(fit for fit in fits if fit.wanted)
    told = {"cluster": board.cluster, "board": board, "topics": topics(board), "fit": fit}
    return (
        told
        | {"tab_title": tab_title(board), "directory": directory.in_short(board.cluster)}
        | rules_context(board.cluster)
    )


def tab_title(board: Board) -> str:
    """The title of the browser's tab: what people feel of the cluster, when that is worth a look."""
    felt = {view.condition for sub in board.subclusters for view in sub.nodes}
    grave = [CONDITION_LOOKS[one].label for one in (Condition.NOT_SERVING, Condition.DEGRADED) if one in felt]
    grave += ["HA off"] if board.unprotected else []
    if board.out_of_service:
        grave = [f"{board.out_of_service:,} out of service"]
    return " · ".join([*grave[:1], board.cluster.name, "Homenode"])


def rules_context(cluster: Cluster) -> dict[str, Any]:
    """What the automatic balancer says, and whether it recommends a plan."""
    rules = RunPolicy.objects.filter(cluster=cluster).first() or RunPolicy(cluster=cluster, code="BALANCER_OFF")
    waits = rules.code in {why.code for why in RECOMMENDING} and rules.plan_id is not None
    return {"rules": rules, "recommendation": waits}


def map_context(cluster: str) -> dict[str, Any]:
    """The same with the commands of each node and subcluster, and the last hour of each node."""
    context = board_context(cluster)
    return context | verbs(context["board"]) | {"sparks": sparks(context["board"].nodes)}
