"""Users in from a file: all of its lines or none, in a few statements however long it is.

    file --UserList--> COPY into a staging table --checks--> problems, or EndUser and Assignment in one transaction

New users are placed as the cluster's mode says (domain.md §2). Users who have a home stay there, whatever the file
says: moving people is the work of runs, which are throttled. New users wait while a node of the cluster is in a
failover state (domain.md §1.4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.utils import timezone

from assignments.models import Kind
from assignments.users import former, table_statistics
from assignments.users.done_at_once import record_operation
from assignments.users.importing import import_pins, staged_changes, staged_lines, staged_writing, staging
from assignments.users.importing.encodings import add_hint
from assignments.users.importing.placing import ImportPlacement
from assignments.users.importing.problem_file import ProblemFile
from assignments.users.importing.report import Report, emptied_in_words
from assignments.users.importing.staged_counts import StagedCounts
from assignments.users.progress import Meter
from assignments.users.rules.file_kind import Readable
from assignments.users.rules.user_file import UserList
from assignments.users.rules.user_line import Limits, Reading
from topology import reasons
from topology.live import events
from topology.models import ENDPOINT_KINDS, MAX_CONTACTS, MAX_USER_ID, Cluster, Node
from topology.structure import guards

LIMITS = Limits(MAX_USER_ID, MAX_CONTACTS, ENDPOINT_KINDS)


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
    reading = replace(reading, cluster=cluster.name, mapping=mapping, said=reading.mapping)
    users = UserList(source, LIMITS, reading)
    if every:
        for kind, problems in (("problem", users.problems), ("warning", users.warnings), ("left out", users.left_out)):
            every.follow(kind, problems)
    nodes = {node.name.lower(): node for node in Node.objects.filter(cluster=cluster)}
    # The file is read before any lock is taken: no one waits for a slow upload.
    staging.create()
    staging.copy(users, nodes, meter)
    if meter:
        meter.tell(meter.read, now=True)
    add_hint(users)
    report = _begun(cluster, users, dry_run)
    guards.hold_with_users(cluster)
    staging.match()
    pins = import_pins.match() if "pinned" in users.columns else None
    _check(cluster, report, nodes)
    if report.ok:
        counts = ImportPlacement(cluster, report).run()
    if report.ok and pins is not None:
        report.changed |= {"pinned": pins} if pins else {}
        report.warnings.add_found(import_pins.staying())
        report.warnings.add_found(import_pins.homeless())
    if report.ok and "pin_reason" in users.columns:
        report.warnings.add_found(import_pins.reasons_left())
    if report.ok:
        there = {node.pk: node for node in Node.objects.filter(cluster=cluster).select_related("subcluster")}
        _count(report, counts, there)
    _demand_emptying(report, allow_emptying)
    if report.ok:
        _write(cluster, report, there, actor, pins=pins is not None)
        _keep_columns(cluster, report.mapped)
    if every:
        every.finish()
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
        mapped=dict(users.header.asked),
        unused=[{"column": unused.column, "did_you_mean": unused.meant} for unused in users.header.unused],
    )


def _keep_columns(cluster: Cluster, mapped: Mapping[str, str]) -> None:
    """What the columns of this list mean is known for the next one."""
    kept = {**cluster.list_columns, **mapped}
    if kept != cluster.list_columns:
        Cluster.objects.filter(pk=cluster.pk).update(list_columns=kept)


def _check(cluster: Cluster, report: Report, nodes: Mapping[str, Node]) -> None:
    known = ", ".join(node.name for node in nodes.values()) or "none"
    wrong = [
        staged_lines.at_unknown(cluster.name, known),
        staged_lines.duplicates(),
        staged_lines.of_other_clusters(cluster),
        staged_lines.homeless(),
    ]
    odd = [
        staged_lines.staying(),
        staged_lines.gone(cluster.name, known),
        staged_lines.kept_of_new(),
        staged_lines.zeros_gone(cluster),
    ]
    for kind in staged_lines.that_are_there([*wrong, *odd]):
        (report.problems if kind in wrong else report.warnings).add_found(kind)
    report.first_rows = staged_changes.first_rows()
    report.changed, report.emptied, report.first_emptied = staged_changes.changes(cluster.pk)


def _count(report: Report, counts: StagedCounts, nodes: Mapping[int, Node]) -> None:
    report.created, report.updated, report.unchanged, report.left_unassigned = counts.outcome
    report.nodes = {nodes[pk].name: users for pk, users in sorted(counts.homes.items())}
    report.assigned = sum(report.nodes.values())


def _demand_emptying(report: Report, allowed: bool | str) -> None:
    """No one's stored values are emptied unless somebody said so, knowing what and how many."""
    words = emptied_in_words(report.emptied)
    if words and allowed is not True and allowed != words:
        report.problems.add(report.first_emptied, reasons.IMPORT_EMPTYING, what=words)


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
    staged_writing.create_assignments(cluster.pk, serving, all_new=not report.updated)
    if report.updated:
        staged_writing.change_assignments(serving)
    table_statistics.refresh(report.created)
    # One move for each user who got a home, so that the history of a person is whole.
    staged_writing.write_traces(operation.pk, reasons.USERS_IMPORTED.code, timezone.now())
    guards.wake(*{node.subcluster for node in nodes.values()})  # their windows may change
    touched = [f"cluster-{cluster.pk}", *(f"node-{pk}" for pk in nodes)]
    if pins and (pinned := import_pins.write(operation)):
        table_statistics.refresh(pinned)
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
    not_used = [str(unused["column"]) for unused in report.unused] + report.ignored
    if not_used or report.left_out.total:
        columns = ", ".join(column[:40] for column in not_used) or "none"
        facts = {"left": report.left_out.total, "columns": columns, "name": cluster.name}
        events.record(reasons.USERS_IMPORT_LEFT, cluster=cluster, actor=actor, topics=touched, **facts)
