"""manage.py operations: list runs, and steer one."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.management.base import CommandParser

from assignments.models import ACTIVE, Operation
from assignments.planning import plans
from assignments.runs import operations, selectors
from assignments.users import undo
from topology.management.console import ConsoleCommand
from topology.structure.selectors import cluster_named

VERBS: dict[str, Callable[..., Operation]] = {
    "pause": operations.pause,
    "resume": operations.resume,
    "cancel": operations.cancel,
    "in-window": partial(operations.set_window, in_window=True),
    "any-time": partial(operations.set_window, in_window=False),
}


class Command(ConsoleCommand):
    help = "List operations; pause, resume, cancel or undo one; change its rate, or limit it to the window."
    example = "manage.py operations pause 7"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "verb",
            nargs="?",
            default="list",
            choices=["list", *VERBS, "undo", "rate"],
            help="what to do (default: list)",
        )
        parser.add_argument(
            "operation", nargs="?", type=int, help="number of the operation; all verbs but list need it"
        )
        parser.add_argument("--cluster", help="list only those in this cluster or into it")
        parser.add_argument("--all", action="store_true", help="list ended ones too, the latest 50")
        rate = "with rate: users per second (cluster clock) and receiving node (default: no limit)"
        parser.add_argument("--rate", type=float, help=rate)
        parser.add_argument(
            "--rate-total", type=float, help="with rate: users per second (cluster clock) over all nodes"
        )
        parser.add_argument("--dry-run", action="store_true", help="with undo: show what it would do, change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        with self.refusals(options["json"]):
            if options["verb"] == "list":
                self._list(options)
            elif options["operation"] is None:
                self.usage_error("Name the operation by its number.")
            else:
                self._steer(options["verb"], options["operation"], options)

    def _list(self, options: dict[str, Any]) -> None:
        chosen = Operation.objects.select_related("cluster")
        if options["cluster"] is not None:
            chosen = chosen.filter(selectors.within([cluster_named(options["cluster"])]))
        listed = list((chosen if options["all"] else chosen.filter(state__in=ACTIVE))[:50])
        shapes = [operations.as_dict(operation) for operation in listed]
        if options["json"]:
            self.print_json({"operations": shapes})
            return
        for operation, shape in zip(listed, shapes, strict=True):
            state = operation.state_label.lower()
            kind = "undo" if shape["undo_of"] else shape["kind"]
            line = f"{shape['id']:>6}  {shape['cluster']:16}  {kind:10} {state:10} {operation.done:,}"
            line += f" of {operation.total:,}  {shape['author']}"
            self.stdout.write(f"{line}  {shape['waits']}" if shape["waits"] else line)
        if not listed:
            self.stdout.write("No operation." if options["all"] else "No operation is active.")

    def _steer(self, verb: str, pk: int, options: dict[str, Any]) -> None:
        plan = None
        if verb == "undo" and (run := selectors.operation(pk)).kind in undo.UNDOABLE:
            self._undo_users(undo.undo_import(run, actor=self.actor, dry_run=options["dry_run"]), options["json"])
            return
        if verb == "undo":
            plan = operations.plan_undo(pk, actor=self.actor)
            operation = None if options["dry_run"] else operations.start_run(plan.hash, actor=self.actor)
        elif verb == "rate":
            operation = operations.set_rate(
                pk, actor=self.actor, rate=options["rate"], rate_total=options["rate_total"]
            )
        else:
            operation = VERBS[verb](pk, actor=self.actor)
        shape = (plans.as_dict(plan) if plan else {}) | (
            {"operation": operations.as_dict(operation)} if operation else {}
        )
        if options["json"]:
            self.print_json(shape)
        elif operation:
            state = operation.state_label.lower()
            self.stdout.write(f"operation {operation.pk} is {state}: {operation.done:,} of {operation.total:,} moved")
        elif plan:
            self.stdout.write(f"{plan.moves:,} moves back; plan {plan.hash[:12]}")

    def _undo_users(self, undone: undo.Undone, as_json: bool) -> None:
        """What came back of an import or a removal of users, and who stays as they are."""
        if as_json:
            self.print_json(undone.as_dict())
            return
        words = ("removed", "restored", "unassigned", "returned")
        counts = ", ".join(f"{getattr(undone, word):,} {word}" for word in words if getattr(undone, word))
        self.stdout.write(f"{'Would undo' if undone.dry_run else 'Undone'}: {counts or 'nothing'}.")
        for row in undone.left_users:
            self.stdout.write(f"  {row['code']}: {row['message']}")
        if (more := undone.left - len(undone.left_users)) > 0:
            self.stdout.write(f"  and {more:,} more")
