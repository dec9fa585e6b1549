"""The file of peers read: which clusters have a relation, and which release each runs.

peers: [[acme, branch], [acme, lab]]
releases: {acme: "14.0.1", branch: "12.5.1"}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, NotRequired

from pydantic import Field, TypeAdapter, with_config
from typing_extensions import TypedDict

from topology import reasons
from topology.models import MAX_RELEASE, Cluster
from topology.rules.file_problems import FileProblem, FileRefused
from topology.structure.documents.reading import Document
from topology.structure.documents.shapes import STRICT, EmptyList, EmptyMapping, GroupName, read_shape
from topology.structure.topology_reader import placed_problems

Pair = Annotated[list[GroupName], Field(min_length=2, max_length=2)]
Release = Annotated[str, Field(max_length=MAX_RELEASE)]


@with_config(STRICT)
class PeersText(TypedDict):
    """Relations between clusters, each as the names of the two."""

    peers: Annotated[list[Pair], EmptyList]
    releases: NotRequired[Annotated[dict[str, Release], EmptyMapping]]


ADAPTER: TypeAdapter[Any] = TypeAdapter(PeersText)


@dataclass(frozen=True)
class PeersFile:
    """What a file of peers asks for."""

    pairs: tuple[tuple[Cluster, Cluster], ...]
    releases: tuple[tuple[Cluster, str], ...]


def read_peers(document: object) -> PeersFile:
    """The pairs and releases that a document describes. Raises FileRefused with every problem."""
    source = Document.of(document)
    text, problems = read_shape(ADAPTER, source)
    if text is None:
        raise FileRefused(problems, reasons.PEERS_FILE_INVALID, source.name)
    known = {cluster.name: cluster for cluster in Cluster.objects.all()}
    said = {"known": ", ".join(sorted(known)[:20]) or "none"}
    pairs, releases = [], []
    for n, names in enumerate(text["peers"]):
        missing = [(at, name) for at, name in enumerate(names) if name not in known]
        problems += [
            FileProblem.of(f"peers[{n}][{at}]", reasons.NO_SUCH_CLUSTER, name=name, **said) for at, name in missing
        ]
        if names[0] == names[1]:
            problems.append(FileProblem.of(f"peers[{n}]", reasons.PEER_ITSELF, cluster=names[0]))
        elif not missing:
            pairs.append((known[names[0]], known[names[1]]))
    for name, release in text.get("releases", {}).items():
        if name in known:
            releases.append((known[name], release))
        else:
            problems.append(FileProblem.of(f"releases.{name}", reasons.NO_SUCH_CLUSTER, name=name, **said))
    if problems:
        raise FileRefused(placed_problems(source, problems), reasons.PEERS_FILE_INVALID, source.name)
    return PeersFile(tuple(pairs), tuple(releases))
