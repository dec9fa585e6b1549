from typing import Any

from django.apps import AppConfig
from django.db.models.signals import pre_migrate


class TopologyConfig(AppConfig):
    name = "topology"

    def ready(self) -> None:
        pre_migrate.connect(_demand_known, sender=self)


def _demand_known(sender: AppConfig, *, using: str, **facts: Any) -> None:
    """End `migrate` on the database of a newer version, for it would find nothing to do and say that all is well."""
    from django.core.management.base import CommandError

    from topology.live.schema import demand_known
    from topology.reasons import Refused

    try:
        demand_known(using)
    except Refused as refusal:
        raise CommandError(f"{refusal.code}: {refusal.message} {refusal.fix}") from refusal
