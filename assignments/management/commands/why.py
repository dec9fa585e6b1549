"""manage.py why CLUSTER USER: where a user is, since when, by which operation, by whom and why."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from assignments.users.filter import find_user
from assignments.users.trace import Story, TracedMove, story
from topology import reasons
from topology.management.console import ConsoleCommand
from topology.reasons import Refused
from topology.structure import selectors


class Command(ConsoleCommand):
    help = "Say why a user is where they are: home and serving node, pin, and every move that led there."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("cluster")
        parser.add_argument("user", help="user ID")

    def handle(self, *args: Any, **options: Any) -> None:
        with self.refusals(options["json"]):
            cluster = selectors.cluster_named(options["cluster"])
            user = find_user(cluster, options["user"])
            if user is None:
                raise Refused(reasons.NO_SUCH_USER, user=options["user"], cluster=cluster.name)
            found = story(cluster, user.pk)
        if options["json"]:
            self.print_json(found.as_dict())
        else:
            self._show(found)

    def _show(self, found: Story) -> None:
        user = found.place.user
        self.stdout.write(" ".join(filter(None, [user.user_id, user.name and f"({user.name})", user.mail])))
        self.stdout.write(f"home {_named(found.home)}, served by {_named(found.serving)}")
        if found.apart:
            self.stdout.write(found.apart)
        if found.pin:
            self.stdout.write(f"pinned by {found.pin.owner_name} since {_at(found.pin.at)}: {found.pin.reason}")
        if found.home and not found.here:
            self.stdout.write("No trace says how the user came here: that was before traces were kept.")
        for step in found.steps:
            self.stdout.write(_line(step))
        if found.more:
            self.stdout.write("Earlier moves are left out.")


def _named(node: Any) -> str:
    return str(node.name) if node else "no node"


def _at(at: Any) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M:%S")


def _line(step: TracedMove) -> str:
    way = f"{_named(step.before)} -> {_named(step.after)}" if step.done else f"stayed, not to {_named(step.after)}"
    by = f"operation {step.operation.pk} ({step.title}) by {step.operation.author_name}"
    return f"{_at(step.at)}  {way}  {by}: {step.why}"
