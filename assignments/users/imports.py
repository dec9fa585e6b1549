"""Users in from a file: all of its lines or none, in a few statements however long it is.

    file --UserList--> COPY into a staging table --checks--> problems, or EndUser and Assignment in one transaction

New users are placed as the cluster's mode says (domain.md §2). Users who have a home stay there, whatever the file
says: moving people is the work of runs, which are throttled. New users wait while a node of the cluster is in a
failover state (domain.md §1.4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import transaction
from django.utils import timezone

from assignments.models import Kind
from assignments.planning.loads import load_of
from assignments.planning.rules import goals
from assignments.planning.rules.loads import Classes, Flow, NodeLoad
from assignments.users import (
    former,
    import_pins,
    staged_changes,
    staged_homes,
    staged_lines,
    staged_writing,
    staging,
)
from assignments.users.done_at_once import record_operation
from assignments.users.encodings import add_hint
from assignments.users.problem_file import ProblemFile
from assignments.users.progress import Meter
from assignments.users.rules.file_kind import Readable
from assignments.users.rules.problems import Problems
from assignments.users.rules.user_file import UserList
from assignments.users.rules.user_line import Limits, Reading
from topology import reasons
from topology.live import events
from topology.models import ENDPOINT_KINDS, MAX_CONTACTS, MAX_USER_ID, Cluster, Mode, Node, Subcluster
from topology.reasons import Refused, Said
from topology.reasons.words import counted
from topology.structure import guards, locks
from topology.structure.homes import homes_of
from topology.structure.selectors import cluster_named

LIMITS = Limits(MAX_USER_ID, MAX_CONTACTS, ENDPOINT_KINDS)


@dataclass
class Report:
    """What an import did, or a dry run would do, with the bad lines: the first 1,000 and the number of all."""

    cluster: str
    dry_run: bool
    format: str = ""
    lines: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    assigned: int = 0
    left_unassigned: int = 0
    nodes: dict[str, int] = field(default_factory=dict)
    problems: Problems = field(default_factory=Problems)
    warnings: Problems = field(default_factory=Problems)
    left_out: Problems = field(default_factory=Problems)
    unused: list[dict[str, str | None]] = field(default_factory=list)
    mapped: dict[str, str] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    emptied: dict[str, int] = field(default_factory=dict)
    first_emptied: int = 1  # line
    first_rows: list[dict[str, Any]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether every line was good; otherwise nothing was imported."""
        return not self.problems.total

    @property
    def taken(self) -> int:
        """Lines that were not left out."""
        return self.lines - self.left_out.total

    @property
    def only_emptying(self) -> bool:
        """Whether nothing is wrong but that values would be emptied, which must be confirmed."""
        return set(self.problems.kinds) == {reasons.IMPORT_EMPTYING.code}

    @property
    def findings(self) -> dict[str, Problems]:
        """What was found, by what it is."""
        return {"problem": self.problems, "warning": self.warnings, "left out": self.left_out}

    def as_dict(self) -> dict[str, Any]:
        """The shape that the page, the commands and the API give."""
        counts = ("lines", "created", "updated", "unchanged", "assigned", "left_unassigned")
        return {
            "cluster": self.cluster,
            "dry_run": self.dry_run,
            "ok": self.ok,
            "format": self.format,
            **{name: getattr(self, name) for name in counts},
            "nodes": self.nodes,
            "changed_fields": self.changed,
            "emptied_fields": self.emptied,
            "first_rows": self.first_rows,
            "unused_columns": self.unused,
            "mapped_columns": self.mapped,
            "left_out": self.left_out.total,
            "left_out_lines": [problem.as_dict() for problem in self.left_out.listed],
            "problem_groups": self.problems.groups(),
            "warning_groups": self.warnings.groups(),
            "problems_total": self.problems.total,
            "problems": [problem.as_dict() for problem in self.problems.listed],
            "warnings_total": self.warnings.total,
            "warnings": [problem.as_dict() for problem in self.warnings.listed],
        }


@transaction.atomic
def import_users(
    cluster: Cluster,
    file: Readable,
    *,
    actor: Any = None,
    dry_run: bool = False,
    reading: Reading | None = None,
    allow_emptying: bool | str = False,
    meter: Meter | None = None,
    every: ProblemFile | None = None,
) -> Report:
    """Bring the users of a file into a cluster; bad lines come back in the report and then nothing is changed.

    A dry run does it all and takes it back. Values that are stored are emptied only with `allow_emptying`; as a text
    it allows what `emptied_in_words` says and no more. The report lists the first problems, `every` gets all of them.
    Raises Refused while a node of the cluster is in a failover state.
    """
    source = meter.reading(file) if meter else file
    reading = reading or Reading()
    mapping = {**cluster.list_columns, **reading.mapping}
    users = UserList(source, LIMITS, replace(reading, cluster=cluster.name, mapping=mapping))
    if every:
        for kind, found in (("problem", users.problems), ("warning", users.warnings), ("left out", users.left_out)):
            every.follow(kind, found)
    nodes = {node.name.lower(): node for node in Node.objects.filter(cluster=cluster)}
    # The file is read before any lock is taken: nobody waits for a slow upload.
    staging.create()
    staging.copy(users, nodes, meter)
    if meter:
        meter.tell(meter.read, now=True)
    add_hint(users)
    report = _begun(cluster, users, dry_run)
    _hold(cluster)
    staging.match()
    pins = import_pins.match() if "pinned" in users.columns else None
    _check(cluster, report, nodes)
    if report.ok:
        _Placement(cluster, report).run()
    if report.ok and pins is not None:
        report.changed |= {"pinned": pins} if pins else {}
        report.warnings.add_found(import_pins.staying())
        report.warnings.add_found(import_pins.homeless())
    if report.ok:
        there = {node.pk: node for node in Node.objects.filter(cluster=cluster).select_related("subcluster")}
        _count(report, there)
    _demand_emptying(report, allow_emptying)
    if report.ok:
        _write(cluster, report, there, actor, pins=pins is not None)
        _keep_columns(cluster, report.mapped)
    if dry_run or not report.ok:
        transaction.set_rollback(True)
    return report


def _begun(cluster: Cluster, users: UserList, dry_run: bool) -> Report:
    return Report(
        cluster.name,
        dry_run,
        users.format,
        users.lines,
        problems=users.problems,
        warnings=users.warnings,
        left_out=users.left_out,
        mapped=dict(users.found.asked),
        unused=[{"column": unused.column, "did_you_mean": unused.meant} for unused in users.found.unused],
    )


def _keep_columns(cluster: Cluster, mapped: Mapping[str, str]) -> None:
    """What the columns of this list mean is known for the next one."""
    kept = {**cluster.list_columns, **mapped}
    if kept != cluster.list_columns:
        Cluster.objects.filter(pk=cluster.pk).update(list_columns=kept)


def _hold(cluster: Cluster) -> None:
    """The cluster's locks in their order, and the one of all imports, for user IDs are unique over all clusters.

    Raises Refused when the cluster was removed while its lock was waited for.
    """
    locks.hold_cluster(cluster.pk)
    cluster_named(cluster.name)
    locks.hold_imports()
    locks.hold_subclusters(Subcluster.objects.filter(cluster=cluster).values_list("pk", flat=True))


def _check(cluster: Cluster, report: Report, nodes: Mapping[str, Node]) -> None:
    known = ", ".join(node.name for node in nodes.values()) or "none"
    wrong = [
        staged_lines.at_unknown(cluster.name, known),
        staged_lines.duplicates(),
        staged_lines.of_other_clusters(cluster),
        staged_lines.homeless(),
    ]
    odd = [staged_lines.staying(), staged_lines.gone(cluster.name, known), staged_lines.kept_of_new()]
    for kind in staged_lines.that_are_there([*wrong, *odd]):
        (report.problems if kind in wrong else report.warnings).add_found(kind)
    report.first_rows = staged_changes.first_rows()
    report.changed, report.emptied, report.first_emptied = staged_changes.changes()


def _count(report: Report, nodes: Mapping[int, Node]) -> None:
    report.created, report.updated, report.unchanged, report.left_unassigned = staged_changes.outcome()
    report.nodes = {nodes[pk].name: users for pk, users in sorted(staged_homes.count_placed().items())}
    report.assigned = sum(report.nodes.values())


def _demand_emptying(report: Report, allowed: bool | str) -> None:
    """Nobody's stored values are emptied unless somebody said so, knowing what and how many."""
    words = emptied_in_words(report.emptied)
    if words and allowed is not True and allowed != words:
        report.problems.add(report.first_emptied, reasons.IMPORT_EMPTYING, what=words)


def emptied_in_words(emptied: Mapping[str, int]) -> str:
    """Such as "312 mails, 1 name"."""
    words = {
        "endpoints": ("endpoint list", "endpoint lists"),
        "contacts": ("contact list", "contact lists"),
        "directory_uri": ("directory URI", "directory URIs"),
    }
    named = ((count, *words.get(field, (field, f"{field}s"))) for field, count in emptied.items())
    return ", ".join(counted(count, f"{one}|{many}") for count, one, many in named)


class _Placement:
    """Gives every line that needs one a home: the node it names, or the one the cluster's mode leads to."""

    def __init__(self, cluster: Cluster, report: Report) -> None:
        self.cluster, self.report = cluster, report
        self.nodes = list(Node.objects.filter(cluster=cluster).order_by("number"))
        self.load, self.homes = load_of(cluster), homes_of(cluster)

    def run(self) -> None:
        if self.cluster.mode == Mode.MANUAL:
            staged_homes.place_nobody_else()
        if staged_homes.count_arriving():
            self._refuse_in_failover()
        for node in self.nodes:
            if why := self.homes.takes(node.pk):
                self.report.problems.add_found(staged_lines.into(node.pk, *why))
        self._demand_room()
        waiting = staged_homes.waiting()
        if self.report.ok and waiting.users:
            self._by_mode(waiting)

    def _refuse_in_failover(self) -> None:
        if why := self.homes.assigns():
            raise Refused(reasons.CLUSTER_IN_FAILOVER, cluster=self.cluster.name, **why[1])

    def _by_mode(self, waiting: staged_homes.UnplacedUsers) -> None:
        try:
            flows = self._places(waiting.users, endpoints=waiting.endpoints, classes=staged_homes.waiting_classes())
        except Refused as refusal:
            room, _ = staged_homes.place_first(self._places)
            facts = {
                "room": room,
                "users": waiting.users,
                "cluster": self.cluster.name,
                "why": Said(refusal.reason, refusal.facts),
            }
            self.report.problems.add_found(staged_lines.beyond(room, facts))
            return
        staged_homes.place_users(flows)
        self._demand_room()

    def _demand_room(self) -> None:
        capacities = self._capacities()
        if staged_lines.is_full(capacities):
            self.report.problems.add_found(staged_lines.over_capacity(capacities))

    def _places(self, users: int, *, endpoints: int, classes: Classes) -> list[Flow]:
        """Users per node; room for a failover is kept where the model asks for it, as long as there is any."""
        return goals.place_as_redundant_as_possible(
            self._loads(),
            self.cluster.mode,
            users,
            endpoints=endpoints,
            redundant=self.load.redundant,
            classes=classes,
        )

    def _loads(self) -> list[NodeLoad]:
        """The nodes with those who are at home there and those whom this file brings so far."""
        added = staged_homes.placed()
        return [_with(load, *added.get(load.id, (0, 0))) for load in self.load.nodes]

    def _capacities(self) -> list[staged_lines.Capacity]:
        return [
            staged_lines.Capacity(n.id, n.name, n.room.users, n.room.endpoints, n.capacity_users, n.capacity_endpoints)
            for n in self.load.nodes
        ]


def _with(load: NodeLoad, users: int, endpoints: int) -> NodeLoad:
    return replace(load, users=load.users + users, endpoints=load.endpoints + endpoints, pinned=load.pinned + users)


def _write(cluster: Cluster, report: Report, nodes: Mapping[int, Node], actor: Any, *, pins: bool) -> None:
    if not report.created + report.updated:
        return
    operation = record_operation(cluster, Kind.IMPORT, report.created + report.updated, 0, actor)
    if report.updated:
        former.keep_changed(operation.pk)
        staged_writing.change_people()
    if report.created:
        staged_writing.create_people(timezone.now())
        former.keep_made(operation.pk)
    serving = [pk for pk, node in nodes.items() if node.serves]
    staged_writing.create_assignments(cluster.pk, serving)
    if report.updated:
        staged_writing.change_assignments(serving)
    # One move for each user who got a home, so that the history of a person is whole.
    staged_writing.write_traces(operation.pk, reasons.USERS_IMPORTED.code, timezone.now())
    guards.wake(*{node.subcluster for node in nodes.values()})  # their windows may change
    touched = [f"cluster-{cluster.pk}", *(f"node-{pk}" for pk in nodes)]
    if pins and (pinned := import_pins.write(operation)):
        facts: dict[str, Any] = {"users": pinned, "because": import_pins.WHY, "left": 0}
        events.record(reasons.USERS_WERE_PINNED, cluster=cluster, actor=actor, topics=touched, **facts)
    counts: dict[str, Any] = {"lines": report.taken, "created": report.created, "updated": report.updated}
    counts["assigned"] = report.assigned
    # An undo of the operation reads this: its users had no home before, so none is what they go back to.
    counts["unassigned"] = report.assigned
    events.record(
        reasons.USERS_IMPORTED,
        cluster=cluster,
        operation=operation,
        actor=actor,
        topics=touched,
        name=cluster.name,
        **counts,
    )
    if report.unused or report.left_out.total:
        columns = ", ".join(str(unused["column"])[:40] for unused in report.unused) or "none"
        facts = {"left": report.left_out.total, "columns": columns, "name": cluster.name}
        events.record(reasons.USERS_IMPORT_LEFT, cluster=cluster, actor=actor, topics=touched, **facts)
