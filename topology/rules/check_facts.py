"""What the topology troubleshooter looks at: a cluster with its subclusters and nodes, as numbers and names."""

from dataclasses import dataclass

from topology.rules.modes import DeploymentModel, Mode


@dataclass(frozen=True)
class NodeFacts:
    """A node by what it can hold and what it holds."""

    name: str
    profile: int
    capacity_users: int
    capacity_endpoints: int
    home: int
    endpoints: int
    serving: int
    away: int  # at home here, served elsewhere
    out_of_service: int
    state: str
    publisher: bool = False
    flapping: bool = False  # stops serving more often than its clients can return


@dataclass(frozen=True)
class SubclusterFacts:
    """A subcluster with its nodes in slot order and the re-login window of its present load, in seconds."""

    name: str
    ha: bool
    nodes: tuple[NodeFacts, ...] = ()
    relogin_window: tuple[int, int] | None = None


@dataclass(frozen=True)
class ClusterFacts:
    """What the tests look at; `miscounted`, `strays` and `twins` come from the database itself."""

    name: str
    mode: str
    model: str
    subclusters: tuple[SubclusterFacts, ...]
    unassigned_nodes: tuple[NodeFacts, ...]
    unassigned_users: int
    keep_alive_interval: int
    keep_alive_timeout: int
    initialization_keep_alive_timeout: int
    serve_beyond_capacity: bool
    miscounted: tuple[str, ...] = ()
    strays: int = 0
    twins: tuple[str, ...] = ()  # user IDs that are one by the folding, from before there was one
    doubled_uris: int = 0  # directory URIs of its users that somebody else has too
    some_uris: tuple[str, ...] = ()  # a few of them
    claimed: int = 0  # of its users, reported at home in another cluster too
    some_claimed: tuple[str, ...] = ()  # a few of them
    peers: tuple[tuple[str, str, str], ...] = ()  # what is wrong with relations: outcome, problem, fix
    unlike: tuple[tuple[str, str, str], ...] = ()  # releases and hardware of other clusters, the same
    directory: tuple[tuple[str, str], ...] = ()  # what is wrong with the cluster's directory, and the fix
    dns: tuple[tuple[str, str], ...] | None = None  # what is wrong with its DNS records; None: none is asked for them
    stored: tuple[str, ...] = ()  # what old entries take: kind, size, oldest
    overdue: str = ""  # since when nothing old was removed, where something should have been

    @property
    def assigned(self) -> tuple[NodeFacts, ...]:
        return tuple(node for group in self.subclusters for node in group.nodes)

    @property
    def standby(self) -> bool:
        """Whether the second nodes are meant to have no users of their own."""
        return self.mode == Mode.ACTIVE_STANDBY or self.model == DeploymentModel.ACTIVE_STANDBY
