"""What /metrics says: states, users, runs and the console itself, from counts that are kept. No label names a user."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta

from django.db.models import Count
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from assignments.board.alerts import HAPPENING, STANDING
from assignments.models import DirectoryRun, Kind, Peer, RunPolicy, RunState
from assignments.population.selectors import Board, NodeView, boards_of
from assignments.recovery.reads import verdicts
from topology.live import health, traffic
from topology.models import Cluster, DnsSettings, Event
from topology.rules.states import State

RECENT = timedelta(minutes=15)
NODE = ["cluster", "subcluster", "node"]
USERS: dict[str, tuple[str, Callable[[NodeView], int]]] = {
    "home_users": ("Users at home on the node", lambda view: view.home.users),
    "served_users": ("Users in service on the node now", lambda view: view.served),
    "users_without_service": ("Users at home on the node without service", lambda view: view.out_of_service),
    "capacity_users": ("Users the node is rated for", lambda view: view.node.capacity_users),
    "home_endpoints": ("Endpoints of the users at home on the node", lambda view: view.home.endpoints),
}


class ConsoleCollector(Collector):
    """The metrics of some clusters, in a fixed number of queries for each."""

    def __init__(self, clusters: Sequence[Cluster]) -> None:
        self.clusters = clusters

    def collect(self) -> Iterator[Metric]:
        """Every family once, with a sample for each thing."""
        boards = boards_of(self.clusters)
        yield from _of_nodes(boards)
        yield from _of_clusters(boards)
        yield _shortfall(self.clusters)
        yield from _of_runs(boards)
        yield from _sign_ins(boards)
        yield _idle(self.clusters)
        yield _alarms(self.clusters)
        yield from _of_the_console()
        yield from _traffic()


def text(clusters: Sequence[Cluster]) -> bytes:
    """The metrics of some clusters in the text format of Prometheus."""
    registry = CollectorRegistry()
    registry.register(ConsoleCollector(clusters))
    return generate_latest(registry)


def _views(boards: Iterable[Board]) -> Iterator[tuple[list[str], NodeView]]:
    for board in boards:
        for group in board.subclusters:
            for view in group.nodes:
                yield [board.cluster.name, group.subcluster.name, view.node.name], view
        for view in board.unassigned_nodes:
            yield [board.cluster.name, "", view.node.name], view


def _of_nodes(boards: Sequence[Board]) -> Iterator[GaugeMetricFamily]:
    views = list(_views(boards))
    states = GaugeMetricFamily("homenode_node_state", "1 for the state of the node, else 0", labels=[*NODE, "state"])
    for labels, view in views:
        for state in State:
            states.add_metric([*labels, state.value], float(view.node.state == state))
    yield states
    for name, (what, read) in USERS.items():
        family = GaugeMetricFamily(f"homenode_node_{name}", what, labels=NODE)
        for labels, view in views:
            family.add_metric(labels, read(view))
        yield family


def _of_clusters(boards: Sequence[Board]) -> Iterator[GaugeMetricFamily]:
    for name, what in (
        ("assigned", "Users with a home node"),
        ("unassigned", "Users without a home node"),
        ("out_of_service", "Users without service"),
    ):
        family = GaugeMetricFamily(f"homenode_cluster_{name}_users", what, labels=["cluster"])
        for board in boards:
            family.add_metric([board.cluster.name], getattr(board, name))
        yield family


def _shortfall(clusters: Sequence[Cluster]) -> GaugeMetricFamily:
    what = "Users that would be without service if the node failed now"
    family = GaugeMetricFamily("homenode_node_n1_shortfall_users", what, labels=["cluster", "node"])
    for cluster in clusters:
        verdicts_of_nodes = verdicts(cluster)
        for node in cluster.nodes.filter(pk__in=verdicts_of_nodes).order_by("number"):
            family.add_metric([cluster.name, node.name], verdicts_of_nodes[node.pk].left_out)
    return family


def _of_runs(boards: Sequence[Board]) -> Iterator[GaugeMetricFamily]:
    labels = ["cluster", "kind", "state"]
    runs = GaugeMetricFamily("homenode_operations", "Operations that have not ended", labels=labels)
    stalled = GaugeMetricFamily("homenode_operations_stalled", "Operations that have stalled", labels=["cluster"])
    stands = health.stalled_since(timezone.now()) is not None
    for board in boards:
        kinds: dict[tuple[str, str], int] = {}
        for run in board.operations:
            kinds[run.kind, run.state] = kinds.get((run.kind, run.state), 0) + 1
        for (kind, state), count in sorted(kinds.items()):
            runs.add_metric([board.cluster.name, kind, state], count)
        going = sum(run.state != "paused" for run in board.operations)
        stalled.add_metric([board.cluster.name], going if stands else 0)
    yield from (runs, stalled)


def _sign_ins(boards: Sequence[Board]) -> Iterator[GaugeMetricFamily]:
    """Failovers and fallbacks that run: who signed in so far, and how many may in a second of real time."""
    labels = ["cluster", "node", "kind"]
    done = GaugeMetricFamily("homenode_sign_ins_users", "Users a failover or fallback moved so far", labels=labels)
    budget = GaugeMetricFamily(
        "homenode_sign_in_budget_per_second", "Sign-ins that may come in a real second", labels=labels
    )
    for board in boards:
        names = {view.node.pk: view.node.name for view in board.nodes}
        for run in board.operations:
            if run.kind in (Kind.FAILOVER, Kind.FAILBACK):
                told = [board.cluster.name, names.get(run.to_node_id or 0, ""), run.kind]
                done.add_metric(told, run.done)
                if run.rate:
                    budget.add_metric(told, run.rate * board.cluster.clock_speed)
    yield from (done, budget)


def _traffic() -> Iterator[CounterMetricFamily]:
    """Requests of pages and programs by the pattern of their address, and queries, of all web processes."""
    requests = CounterMetricFamily("homenode_requests", "Requests", labels=["method", "route", "status"])
    seconds = CounterMetricFamily("homenode_request_seconds", "Time that requests took", labels=["method", "route"])
    queries = CounterMetricFamily("homenode_queries", "Queries of requests")
    for name, number in sorted(traffic.counts().items()):
        what, *labels = name.split("|")
        if what == "requests":
            requests.add_metric(labels, number)
        elif what == "microseconds":
            seconds.add_metric(labels, number / traffic.MICRO)
        else:
            queries.add_metric([], number)
    yield from (requests, seconds, queries)


def _idle(clusters: Sequence[Cluster]) -> GaugeMetricFamily:
    what = "1 for what the automatic balancer said last"
    family = GaugeMetricFamily("homenode_balancer_says", what, labels=["cluster", "code"])
    for policy in RunPolicy.objects.filter(cluster__in=clusters).select_related("cluster"):
        if policy.code:
            family.add_metric([policy.cluster.name, policy.code], 1)
    return family


def _of_the_console() -> Iterator[GaugeMetricFamily]:
    health_now = health.report()
    parts = GaugeMetricFamily("homenode_up", "1 while a part of the console works", labels=["part"])
    for part in ("database", "writes", "redis", "worker", "beat"):
        parts.add_metric([part], float(bool(health_now[part])))
    yield parts
    age = GaugeMetricFamily("homenode_tick_age_seconds", "Real seconds since the last tick")
    if health_now["tick_age"] is not None:
        age.add_metric([], health_now["tick_age"])
    yield age
    wrong = {trouble["code"] for trouble in health_now["troubles"]}
    troubles = GaugeMetricFamily("homenode_trouble", "1 while this is wrong with the console itself", labels=["code"])
    for reason in STANDING:
        troubles.add_metric([reason.code], float(reason.code in wrong))
    yield troubles


def _alarms(clusters: Sequence[Cluster]) -> GaugeMetricFamily:
    """Alarms of the history that are new, and what stands wrong with directories, peers and DNS records."""
    what = "Alarms in the history of the last 15 minutes, and what is wrong now with directory, peers and DNS records"
    family = GaugeMetricFamily("homenode_alarms", what, labels=["cluster", "code"])
    recent = Event.objects.filter(cluster__in=clusters, at__gte=timezone.now() - RECENT, code__in=HAPPENING)
    rows = recent.order_by().values_list("cluster__name", "code").annotate(lines=Count("pk"))
    counted = Counter({(name, code): lines for name, code, lines in rows})
    counted.update(_of_directories(clusters))
    counted.update(_of_peers(clusters))
    counted.update(_of_dns(clusters))
    for told, number in sorted(counted.items()):
        family.add_metric(told, number)
    return family


def _of_peers(clusters: Sequence[Cluster]) -> Iterator[tuple[str, str]]:
    """Why the last sync with each peer failed."""
    failed = Peer.objects.filter(cluster__in=clusters, code__in=HAPPENING)
    yield from failed.values_list("cluster__name", "code")


def _of_dns(clusters: Sequence[Cluster]) -> Iterator[tuple[str, str]]:
    """What the last check of the DNS records of each cluster found."""
    for name, problems in DnsSettings.objects.filter(cluster__in=clusters).values_list("cluster__name", "problems"):
        yield from ((name, problem["code"]) for problem in problems if problem["code"] in HAPPENING)


def _of_directories(clusters: Sequence[Cluster]) -> Iterator[tuple[str, str]]:
    """Why the last run of a directory stopped or failed."""
    ended = DirectoryRun.objects.filter(agreement__cluster__in=clusters).exclude(state=RunState.READING)
    newest = ended.order_by("agreement", "-pk").distinct("agreement")
    for name, state, code in newest.values_list("agreement__cluster__name", "state", "code"):
        if state in (RunState.STOPPED, RunState.FAILED) and code in HAPPENING:
            yield name, code
