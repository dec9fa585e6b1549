"""manage.py why CLUSTER USER: where a user is, since when, by which operation, by whom and why."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from assignments.users.listing.filter import find_user
from assignments.users.trace import Story, TracedMove, story
from topology import reasons
from topology.management.console import ConsoleCommand
from topology.reasons import Refused
from topology.reasons.words import UNASSIGNED
from topology.structure import selectors


class Command(ConsoleCommand):
    help = "Show where a user is and why: home and serving node, pin, and all moves that led there."
    example = "manage.py why acme jdoe"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("cluster", help="name of the cluster")
        parser.add_argument("user", help="user ID")

    def handle(self, *args: Any, **options: Any) -> None:
        with self.refusals(options["json"]):
            cluster = selectors.cluster_named(options["cluster"])
            user = find_user(cluster, options["user"])
            if user is None:
                raise Refused(reasons.NO_SUCH_USER, user=options["user"], cluster=cluster.name)
            user_story = story(cluster, user.pk)
        if options["json"]:
            self.print_json(user_story.as_dict())
        else:
            self._show(user_story)

    def _show(self, user_story: Story) -> None:
        user = user_story.place.user
        self.stdout.write(" ".join(filter(None, [user.user_id, user.name and f"({user.name})", user.mail])))
        self.stdout.write(f"home {_named(user_story.home)}, served by {_named(user_story.serving)}")
        if user_story.apart:
            self.stdout.write(user_story.apart)
        if user_story.pin:
            self.stdout.write(
                f"pinned by {user_story.pin.owner_name} since {_at(user_story.pin.at)}: {user_story.pin.reason}"
            )
        if user_story.home and not user_story.here:
            self.stdout.write("The moves of this user are older than the traces kept.")
        for step in user_story.steps:
            self.stdout.write(_line(step))
        if user_story.more:
            self.stdout.write("Earlier moves are not shown.")


def _named(node: Any, place: str = UNASSIGNED) -> str:
    return str(node.name) if node else place


def _at(at: Any) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M:%S %Z")


def _line(step: TracedMove) -> str:
    to = _named(step.after, step.place)
    way = f"{_named(step.before, step.former)} -> {to}" if step.done else f"stayed, not to {to}"
    by = f"operation {step.operation.pk} ({step.title}) by {step.operation.author_name}"
    return f"{_at(step.at)}  {way}  {by}: {step.why}"
