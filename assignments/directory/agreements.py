"""Agreements with directories: read from a document, stored, changed, ended; the password apart and encrypted."""

from __future__ import annotations

import os
import ssl
from typing import Any

from django.db import transaction
from django.utils import timezone

from assignments.directory import secret, staging
from assignments.directory.agreement_reader import read_agreement
from assignments.directory.rules import agreement as rules
from assignments.directory.rules.agreement import Agreement, Problem
from assignments.models import DirectoryAgreement, DirectoryPerson
from assignments.users import table_statistics
from topology import reasons
from topology.live import events
from topology.models import Cluster, EndUser
from topology.reasons import Refused
from topology.rules import spans
from topology.structure import locks
from topology.structure.selectors import cluster_named

GUARD = ("guard_percent", "guard_people", "keep_days")
PLAIN = ("start_tls", "insecure", "bind_dn", "password_env", "base", "filter", *GUARD)
COLUMNS = ("servers", "ca", "attributes", "schedule", *PLAIN)


def read_document(document: object) -> tuple[Cluster, Agreement]:
    """The cluster and the agreement of a parsed document. Raises Refused with every problem of it."""
    name, agreement = read_agreement(document)
    return cluster_named(name), agreement


def of_cluster(cluster: Cluster) -> DirectoryAgreement:
    """The agreement of a cluster. Raises Refused when it has none."""
    stored = DirectoryAgreement.objects.filter(cluster=cluster).first()
    if stored is None:
        raise Refused(reasons.DIRECTORY_NONE, cluster=cluster.name)
    return stored


def spec_of(stored: DirectoryAgreement) -> Agreement:
    """A stored agreement as the rules see it."""
    plain = {name: getattr(stored, name) for name in ("ca", "schedule", *PLAIN)}
    return Agreement(servers=tuple(stored.servers), attributes=tuple(stored.attributes.items()), **plain)


def check(agreement: Agreement) -> None:
    """Raise Refused for the first thing that is wrong with an agreement."""
    for _, reason, facts in rules.problems(agreement):
        raise Refused(reason, **facts)
    if agreement.ca:
        _demand_certificate(agreement.ca)


def _demand_certificate(pem: str) -> None:
    try:
        ssl.create_default_context(cadata=pem)
    except (ssl.SSLError, ValueError) as error:
        raise Refused(reasons.DIRECTORY_CA) from error


def warnings(agreement: Agreement) -> list[Problem]:
    """What is worth a word about an agreement that may be stored."""
    return rules.warnings(agreement)


def password_here(agreement: Agreement) -> str:
    """What the variable that an agreement names says in this process; "" for none.

    For commands, whose environment is that of who types them. Who asks a web process would have its secrets, such as
    SECRET_KEY, sent to a server of their own.
    """
    return os.environ.get(agreement.password_env, "") if agreement.password_env else ""


def password_for(agreement: Agreement, cluster: Cluster, given: str = "") -> str:
    """The password of an agreement that is about to be tried or stored: the one given, else the stored one.

    A stored one is never sent to servers that it was not given for. Raises Refused when there is none.
    """
    if not agreement.bind_dn:
        return ""
    if given:
        return given
    stored = DirectoryAgreement.objects.filter(cluster=cluster).first()
    if stored and stored.password and _may_reuse(stored, agreement):
        return secret.decrypt(stored.password)
    raise Refused(reasons.DIRECTORY_PASSWORD_MISSING, who=agreement.bind_dn)


def _may_reuse(stored: DirectoryAgreement, agreement: Agreement) -> bool:
    before = spec_of(stored)
    same_account = stored.bind_dn == agreement.bind_dn and set(agreement.servers) <= set(stored.servers)
    return same_account and agreement.start_tls >= before.start_tls and agreement.ca == before.ca


@transaction.atomic
def store(
    cluster: Cluster, agreement: Agreement, *, password: str = "", actor: Any = None, dry_run: bool = False
) -> dict[str, Any]:
    """Make this the agreement of a cluster; one history line with what changed. Raises Refused.

    Answers `changed`: the fields that differ from what was stored; a dry run takes everything back.
    """
    check(agreement)
    secret_now = password_for(agreement, cluster, password)
    stored = DirectoryAgreement.objects.select_for_update().filter(cluster=cluster).first()
    wanted = _columns(agreement)
    changed = [name for name in COLUMNS if stored is None or getattr(stored, name) != wanted[name]]
    if stored is None or _password_of(stored) != secret_now:
        changed += ["password"] if secret_now or stored else []
        wanted["password"] = secret.encrypt(secret_now)
    if changed:
        _write(cluster, wanted, changed, actor)
    if dry_run:
        transaction.set_rollback(True)
    return {"cluster": cluster.name, "dry_run": dry_run, "changed": changed}


def _columns(agreement: Agreement) -> dict[str, Any]:
    plain = {name: getattr(agreement, name) for name in ("ca", "schedule", *PLAIN)}
    return {"servers": list(agreement.servers), "attributes": agreement.mapped, **plain}


def _password_of(stored: DirectoryAgreement) -> str | None:
    return secret.decrypt(stored.password) if secret.is_readable(stored.password) else None


def _write(cluster: Cluster, wanted: dict[str, Any], changed: list[str], actor: Any) -> None:
    now = timezone.now()
    DirectoryAgreement.objects.update_or_create(cluster=cluster, defaults={**wanted, "changed_at": now, "next_at": now})
    named = ", ".join("map" if name == "attributes" else name for name in changed)
    topics = [f"cluster-{cluster.pk}"]
    events.record(
        reasons.DIRECTORY_AGREED, cluster=cluster, actor=actor, topics=topics, name=cluster.name, fields=named
    )


@transaction.atomic
def end(cluster: Cluster, typed: str, *, actor: Any) -> None:
    """Remove a cluster's agreement: users stay as they are, those set aside are removed; `typed` is its name again.

    Raises Refused.
    """
    stored = of_cluster(cluster)
    if typed.strip() != cluster.name:
        raise Refused(reasons.DIRECTORY_END_NOT_CONFIRMED, cluster=cluster.name)
    locks.hold_imports()  # a list may be about to make one of them a user again
    gone = DirectoryPerson.objects.filter(agreement=stored, gone_at__isnull=False)
    table_statistics.refresh(gone.count())
    EndUser.objects.filter(pk__in=gone.set_aside().values("user")).delete()
    stored.delete()
    staging.sweep()
    events.record(
        reasons.DIRECTORY_ENDED, cluster=cluster, actor=actor, topics=[f"cluster-{cluster.pk}"], name=cluster.name
    )


def document_of(stored: DirectoryAgreement) -> dict[str, Any]:
    """An agreement as its YAML says it; without the password."""
    spec = spec_of(stored)
    return {
        "cluster": stored.cluster.name,
        "servers": list(spec.servers),
        **{name: getattr(spec, name) for name in ("start_tls", "insecure", "ca", "bind_dn", "password_env", "base")},
        "filter": spec.filter,
        "map": spec.mapped,
        "schedule": spans.write(spec.schedule),
        **{name: getattr(spec, name) for name in GUARD},
    }
