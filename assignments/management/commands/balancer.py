import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from assignments.runs import balancer
from topology.reasons import Refused
from topology.structure import selectors


class Command(BaseCommand):
    requires_system_checks = []
    help = "Show what the automatic balancer of a cluster says, run a round now, or change its rules."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("cluster")
        parser.add_argument(
            "--set", action="append", default=[], metavar="NAME=VALUE", help=f"One of {', '.join(balancer.SETTINGS)}"
        )
        parser.add_argument("--look", action="store_true", help="run a round now, as the worker does every half minute")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            cluster = selectors.cluster_named(options["cluster"])
            if options["set"]:
                balancer.configure(cluster, dict(_pair(text) for text in options["set"]), actor="command line")
            policy = balancer.policy_of(cluster)
            if options["look"]:
                balancer.look_at_cluster(cluster.pk, timezone.now())
                policy.refresh_from_db()
        except Refused as refusal:
            raise CommandError(f"{refusal.code}: {refusal.message} {refusal.fix}".strip()) from refusal
        self.stdout.write(json.dumps(balancer.as_dict(policy), indent=2) if options["json"] else policy.sentence)


def _pair(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise CommandError(f"--set {text}: write NAME=VALUE.")
    return name, {"true": True, "false": False}.get(value.lower(), value)
