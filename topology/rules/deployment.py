"""Which of the product's three deployment models a cluster satisfies now, and what stands in the way of each.

    ClusterFacts -> Fit(balanced non-redundant) · Fit(balanced redundant) · Fit(active/standby redundant)

What each asks for (domain.md §3):

| Model                        | pairs with HA on | users                                | a pair holds             |
|------------------------------|------------------|--------------------------------------|--------------------------|
| balanced non-redundant       | yes              | equal shares on all nodes            | what both nodes can      |
| balanced redundant           | yes              | equal shares on all nodes            | what the smaller one can |
| active/standby redundant     | yes              | all on the first node of each pair   | what the smaller one can |
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from topology.rules.check_facts import ClusterFacts, NodeFacts, SubclusterFacts
from topology.rules.modes import DeploymentModel

NON_REDUNDANT, REDUNDANT = DeploymentModel.BALANCED_NON_REDUNDANT, DeploymentModel.BALANCED_REDUNDANT
STANDBY = DeploymentModel.ACTIVE_STANDBY
PROMISES: Mapping[str, str] = {
    NON_REDUNDANT: "Every node may be full; after a failure its peer carries both loads as well as it can.",
    REDUNDANT: "Users are on all nodes, and each peer can carry a failed node within its rating.",
    STANDBY: "The first node of each pair has the users, the second stands by for all of them.",
}
SPREAD = Fraction(5, 100)  # a node may be this much above its fair share and still count as balanced


@dataclass(frozen=True)
class Obstacle:
    """One thing that stands in the way of a model, and what would remove it."""

    problem: str
    fix: str


@dataclass(frozen=True)
class Fit:
    """How a cluster fits one model."""

    model: str
    wanted: bool  # the model that the cluster is meant to be
    obstacles: tuple[Obstacle, ...]

    @property
    def satisfied(self) -> bool:
        return not self.obstacles

    @property
    def label(self) -> str:
        return DeploymentModel(self.model).label

    @property
    def promise(self) -> str:
        return PROMISES[self.model]

    def as_dict(self) -> dict[str, object]:
        """The shape that the page, the command and the API give."""
        return {
            "model": self.model,
            "wanted": self.wanted,
            "satisfied": self.satisfied,
            "obstacles": [{"problem": o.problem, "fix": o.fix} for o in self.obstacles],
        }


def judge(facts: ClusterFacts) -> tuple[Fit, ...]:
    """Every model, the product's default order."""
    common = tuple(_pairs(facts))
    even = tuple(_even(facts))
    redundant = tuple(_pair_carries(facts))
    findings = {
        NON_REDUNDANT: (*common, *even, *_rated(facts)),
        REDUNDANT: (*common, *even, *redundant),
        STANDBY: (*common, *_first_only(facts), *redundant),
    }
    return tuple(Fit(model.value, facts.model == model, obstacles) for model, obstacles in findings.items())


def _pairs(facts: ClusterFacts) -> Iterator[Obstacle]:
    if not facts.assigned:
        yield Obstacle("No node is in a subcluster.", "Put nodes into subclusters.")
    for group in facts.subclusters:
        if len(group.nodes) == 1:
            yield Obstacle(f"{group.name} has one node and no protection.", f"Add a second node to {group.name}.")
        elif len(group.nodes) == 2 and not group.ha:
            yield Obstacle(f"HA is off in {group.name}.", f"Enable HA in {group.name}.")


def _even(facts: ClusterFacts) -> Iterator[Obstacle]:
    users, capacity = sum(n.home for n in facts.assigned), sum(n.capacity_users for n in facts.assigned)
    for node in facts.assigned:
        share = Fraction(users * node.capacity_users, capacity)
        if node.home - share > max(Fraction(1), share * SPREAD):
            problem = f"{node.name} has {node.home:,} users; its fair share is {float(share):,.0f}."
            yield Obstacle(problem, "Rebalance the cluster.")


def _rated(facts: ClusterFacts) -> Iterator[Obstacle]:
    for node in facts.assigned:
        if node.home > node.capacity_users:
            problem = f"{node.name} is home to {node.home:,} users and rated for {node.capacity_users:,}."
            yield Obstacle(problem, f"Move {node.home - node.capacity_users:,} users to other nodes.")


def _pair_carries(facts: ClusterFacts) -> Iterator[Obstacle]:
    for group in facts.subclusters:
        if len(group.nodes) == 2:
            yield from _carries(group, *group.nodes)


def _carries(group: SubclusterFacts, one: NodeFacts, two: NodeFacts) -> Iterator[Obstacle]:
    smaller = min((one, two), key=lambda node: node.capacity_users)
    over = one.home + two.home - smaller.capacity_users
    if over > 0:
        problem = f"{group.name} has {one.home + two.home:,} users; {smaller.name} alone can carry "
        problem += f"{smaller.capacity_users:,}."
        yield Obstacle(problem, f"Move {over:,} users to another subcluster, or choose larger profiles.")


def _first_only(facts: ClusterFacts) -> Iterator[Obstacle]:
    for group in facts.subclusters:
        if len(group.nodes) == 2 and group.nodes[1].home:
            standby = group.nodes[1]
            problem = f"{standby.name}, the standby of {group.name}, is home to {standby.home:,} users."
            yield Obstacle(problem, "Plan the goal active/standby.")
