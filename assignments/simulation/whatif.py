"""What-if runs that are kept: frozen, run, found again by their scenario, exported, deleted.

    document (of a cluster, or inline) --freeze--> document with its topology --simulator--> Simulation

The document that is kept says everything, so that its file gives the same result later and elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b32encode
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from assignments.models import Simulation
from assignments.recovery.rules.pair import Pair
from assignments.simulation import clients, simulate
from assignments.simulation.rules import play, start_state, timeline
from assignments.simulation.rules.play import Scenario
from topology import reasons
from topology.accounts import roles
from topology.live import actors, events
from topology.models import Cluster
from topology.reasons import Refused
from topology.rules import topology_file
from topology.structure import selectors
from topology.structure.documents.reading import write_yaml
from topology.structure.files import present_topology
from topology.structure.limits import RULES
from topology.structure.snapshot import one_snapshot

KEY = 10  # letters of the hash in an address
NAME = 200  # letters of a name that are kept
RECENT = 12
LONGEST = 48 * 3600  # seconds of a run that somebody waits for in a browser
Document = dict[str, Any]
KEYS = (
    *("name", "topology", "state", "timeline", "until", "seed"),
    *("cluster", "mode", "model", "policy", "ha", "subclusters", "nodes", "unassigned_nodes"),
    *("at", "do", "node", "subcluster", "kind", "service", "profile", "capacity", "users", "endpoints", "publisher"),
)
ORDER = {key: place for place, key in enumerate(KEYS)}  # of an exported file


def start(document: Mapping[str, Any], *, cluster: Cluster | None = None, actor: Any = None) -> Simulation:
    """Run a scenario and keep it; the same scenario gives the run that is there already. Raises Refused."""
    frozen = freeze(document)
    scenario = parse(frozen)
    check_length(scenario.until)
    result = play.run(scenario)
    values = _plain({"result": result.as_dict(), "timeline": timeline.record(scenario, result)})
    digest = hash_of(frozen)
    simulation, new = Simulation.objects.get_or_create(
        hash=digest, defaults=values | _about(frozen, scenario, digest, cluster, actor)
    )
    if not new and (simulation.result, simulation.timeline) != (values["result"], values["timeline"]):
        # The engine learned something since; the address shows what it says now.
        Simulation.objects.filter(pk=simulation.pk).update(**values)
        simulation.result, simulation.timeline = values["result"], values["timeline"]
    return simulation


def check_length(until: int) -> None:
    """Raise Refused for a run of so many seconds that no one waits for it in a browser."""
    if until > LONGEST:
        facts = {"until": f"{until / 3600:g} h", "most": f"{LONGEST // 3600} h"}
        raise Refused(reasons.SIMULATION_TOO_LONG, **facts)


def _about(frozen: Document, scenario: Scenario, digest: str, cluster: Cluster | None, actor: Any) -> dict[str, Any]:
    return {
        "key": b32encode(bytes.fromhex(digest)).decode().lower()[:KEY],
        "cluster": cluster,
        "name": scenario.name[:NAME] or "scenario",
        "seed": scenario.seed,
        "scenario": frozen,
        "users": sum(n for pair in scenario.pairs for n, _ in pair.populations.values()),
        **actors.author(actor),
        "created_at": timezone.now(),
    }


def _plain(value: Mapping[str, Any]) -> Document:
    """As the database gives it back."""
    plain: Document = json.loads(json.dumps(value))
    return plain


def sign_in_tries(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Which servers clients try in a scenario, from instant to instant; nothing is kept. Raises Refused."""
    frozen = freeze(document)
    scenario = parse(frozen)
    return clients.changes(frozen["topology"], timeline.record(scenario, play.run(scenario)))


def parse(document: object) -> Scenario:
    """The scenario of a document; raises Refused."""
    return simulate.scenario(document)


def hash_of(document: Mapping[str, Any]) -> str:
    """What a scenario is known by."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def freeze(document: Mapping[str, Any]) -> Document:
    """The same scenario with the topology of a named cluster written out as it is now. Raises Refused."""
    if "cluster" not in document:
        return _plain(document)
    parse(document)  # a topology or state beside the name is refused, not replaced by those of the cluster
    rest = {key: value for key, value in document.items() if key != "cluster"}
    return _plain(rest | frozen_cluster(selectors.cluster_named(str(document["cluster"]))))


def frozen_cluster(cluster: Cluster) -> Document:
    """Topology of a cluster with its users at home, and its state when it is not at rest. Raises Refused."""
    with one_snapshot():
        pairs, now = simulate.present(cluster.name)
        topology = topology_file.render(present_topology(cluster), RULES)
    if not any(pair.members for pair in pairs):
        raise Refused(reasons.SIMULATION_EMPTY, cluster=cluster.name)
    homes = {member.name: pair.home(i) for pair in pairs for i, member in enumerate(pair.members)}
    topology["subclusters"] = [_with_homes(group, homes) for group in topology["subclusters"]]
    return {"topology": topology} | _state(pairs, now)


def _state(pairs: tuple[Pair, ...], now: int) -> Document:
    return {} if start_state.is_at_rest(pairs, now) else {"state": start_state.write(pairs, now)}


def rested_at(topology: Mapping[str, Any], at: int) -> Document:
    """The state of a topology in which nothing has happened for long, at an instant of cluster time; {} needs none."""
    pairs = tuple(play.at_rest(pair, at) for pair in parse({"topology": topology}).pairs)
    return _state(pairs, at)


def _with_homes(group: Mapping[str, Any], homes: Mapping[str, int]) -> Document:
    """In a scenario `users` of a node are people at home; its rated users are its capacity."""
    nodes = []
    for node in group["nodes"]:
        rated = {"capacity": node["users"]} if "users" in node else {}
        nodes.append({"name": node["name"], "profile": node["profile"]} | rated | {"users": homes[node["name"]]})
        if node.get("publisher"):
            nodes[-1]["publisher"] = True
    return {"name": group["name"], "ha": group["ha"], "nodes": nodes}


def export(simulation: Simulation) -> str:
    """The run as a scenario file, which `manage.py simulate` runs to the same result."""
    document = _ordered(simulation.scenario)
    return write_yaml(document)


def _ordered(value: Any) -> Any:
    """Keys in the order in which people write them; the database keeps none."""
    if isinstance(value, list):
        return [_ordered(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {key: _ordered(value[key]) for key in sorted(value, key=lambda key: (ORDER.get(key, len(ORDER)), key))}


def named(key: str) -> Simulation:
    """The run of an address, with its cluster; raises Refused when there is none."""
    simulation = Simulation.objects.select_related("cluster").filter(key=key).first()
    if not simulation:
        raise Refused(reasons.NO_SUCH_SIMULATION, key=key)
    return simulation


def cluster_id_of(key: str) -> int | None:
    """The cluster that a run is about, by its key."""
    return Simulation.objects.filter(key=key).values_list("cluster_id", flat=True).first()


def recent(cluster: Cluster) -> list[Simulation]:
    """The latest runs of a cluster, without their scenario and timeline."""
    return list(Simulation.objects.filter(cluster=cluster).defer("scenario", "timeline")[:RECENT])


def may_delete(simulation: Simulation, actor: Any) -> bool:
    """Its author, or an administrator."""
    return (actor.pk is not None and simulation.author_id == actor.pk) or roles.may(actor, roles.ADMINISTER)


@transaction.atomic
def delete(key: str, *, actor: Any) -> Simulation:
    """Delete a run; raises Refused for anybody but its author and administrators."""
    simulation = named(key)
    if not may_delete(simulation, actor):
        raise Refused(reasons.SIMULATION_NOT_YOURS, author=simulation.author_name)
    events.record(
        reasons.SIMULATION_DELETED,
        actor=actor,
        cluster=simulation.cluster,
        name=simulation.name,
        author=simulation.author_name,
    )
    Simulation.objects.filter(pk=simulation.pk).delete()
    return simulation
