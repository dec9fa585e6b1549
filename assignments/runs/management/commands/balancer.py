"""manage.py balancer CLUSTER: what the automatic balancer says, a round now, or other rules."""

from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from assignments.runs import balancer
from topology.management.console import ConsoleCommand
from topology.structure import selectors

# What each rule may be, and what it is at first.
VALUES = {
    "automation": "off, recommend or on (off)",
    "threshold": "percent above the fair share, 1 to 1000 (10)",
    "rounds": "of half a minute past it, 1 to 1000 (3)",
    "minimum_gain": "percentage points, 1 to 1000 (5)",
    "cooldown_minutes": "0 to 43200 (60)",
    "window_start": "HH:MM (00:00)",
    "window_end": "HH:MM, the same as the start: always (00:00)",
    "zone": "as Europe/Berlin (UTC)",
    "approval_required": "true or false (false)",
}


def _pair(text: str) -> tuple[str, Any]:
    """A rule and its value, for argparse."""
    name, equals, value = text.partition("=")
    if not equals:
        raise ArgumentTypeError(f"{text}: write NAME=VALUE")
    return name, {"true": True, "false": False}.get(value.lower(), value)


class Command(ConsoleCommand):
    help = "Show what the automatic balancer of a cluster says, run a round now, or change its rules."
    example = "manage.py balancer acme --set automation=recommend --set threshold=10"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("cluster", help="name of the cluster")
        parser.add_argument(
            "--set",
            action="append",
            default=[],
            type=_pair,
            metavar="NAME=VALUE",
            help="change a rule; may be repeated. " + "; ".join(f"{name}: {said}" for name, said in VALUES.items()),
        )
        parser.add_argument("--look", action="store_true", help="run a round now, as the worker does every half minute")

    def handle(self, *args: Any, **options: Any) -> None:
        with self.refusals(options["json"]):
            cluster = selectors.cluster_named(options["cluster"])
            if options["set"]:
                balancer.configure(cluster, dict(options["set"]), actor=self.actor)
            policy = balancer.policy_of(cluster)
            if options["look"]:
                balancer.look_at_cluster(cluster.pk, timezone.now())
                policy.refresh_from_db()
        if options["json"]:
            self.print_json(balancer.as_dict(policy))
        else:
            self.stdout.write(policy.sentence)
            for name, value in balancer.as_dict(policy)["settings"].items():
                self.stdout.write(f"  {name:18}{str(value).lower() if isinstance(value, bool) else value}")
