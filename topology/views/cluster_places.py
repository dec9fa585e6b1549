"""The pages of a cluster, once: for the header, for its menu in a narrow window, and for the palette."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ClusterPlace:
    """A page with the name of its address; `folds` is the class by which a narrow header leaves it to the menu."""

    view: str
    label: str
    icon: str
    folds: str = ""  # is-second: below 960 pixels; is-rare: below 1180
    also: tuple[str, ...] = ()  # names of addresses that belong to it

    @property
    def views(self) -> tuple[str, ...]:
        """All names of addresses at which this is where one is."""
        return self.view, *self.also


CLUSTER_PLACES = (
    ClusterPlace("cluster", "Topology", "cluster"),
    ClusterPlace("operations", "Operations", "play", also=("operation",)),
    ClusterPlace("checks", "Checks", "check"),
    ClusterPlace("peers", "Peers", "cluster", "is-rare"),
    ClusterPlace("directory", "Directory", "users", "is-rare"),
    ClusterPlace("dns", "DNS", "server", "is-rare"),
    ClusterPlace("what-if", "What-if", "play", "is-second"),
    ClusterPlace("history", "History", "history", "is-second"),
)
