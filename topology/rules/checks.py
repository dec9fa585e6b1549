"""The topology troubleshooter: the nine tests of the product, the gaps it leaves, and the integrity of our own data.

ClusterFacts -> one Check per test: passed | warning | failed | info, with the problem and its fix (domain.md §6.1)
"""

from collections.abc import Callable, Iterator

from topology.reasons.words import counted
from topology.rules.check_facts import ClusterFacts, NodeFacts, SubclusterFacts
from topology.rules.check_list import FAILED, INFO, WARNING, Check, Finding, Test, Tests, checked, entry
from topology.rules.integrity_checks import INTEGRITY
from topology.rules.modes import DeploymentModel, Mode

SPREAD = 0.10  # a node may have this much more or less than its share of the users
NORMAL = "normal"
KEEP_ALIVE = (15, 60)  # interval and timeout in seconds, the product's defaults (domain.md §4.2)
INITIALIZATION = 120


TOPOLOGY: Tests = {}


def _test(code: str, description: str) -> Callable[[Test], Test]:
    return entry(TOPOLOGY, code, description)


# --- The product's nine ---------------------------------------------------------------------------


@_test("no_unassigned_users", "There are no unassigned users")
def _no_unassigned_users(facts: ClusterFacts) -> Iterator[Finding]:
    if facts.unassigned_users:
        yield Finding(
            WARNING,
            f"{counted(facts.unassigned_users, 'user is|users are')} unassigned.",
            "Plan the goal “assign the unassigned”, or drop them on a node.",
        )


@_test("nodes_assigned", "All available nodes are assigned")
def _nodes_assigned(facts: ClusterFacts) -> Iterator[Finding]:
    for node in facts.unassigned_nodes:
        yield Finding(WARNING, f"{node.name} is in no subcluster.", "Put it into a subcluster, or remove it.")


@_test("no_empty_subclusters", "There are no empty subclusters")
def _no_empty_subclusters(facts: ClusterFacts) -> Iterator[Finding]:
    for group in facts.subclusters:
        if not group.nodes:
            yield Finding(WARNING, f"{group.name} has no node.", "Put a node into it, or remove it.")


@_test("nodes_have_users", "All assigned nodes have users")
def _nodes_have_users(facts: ClusterFacts) -> Iterator[Finding]:
    for group in facts.subclusters:
        # The product warns about a correct standby node; here the first node alone must have users.
        for node in group.nodes[:1] if facts.standby else group.nodes:
            if not node.home:
                yield Finding(WARNING, f"{node.name} has no users.", "Rebalance the users over the nodes.")


@_test("pairs_have_ha", "All subclusters with two nodes have HA on")
def _pairs_have_ha(facts: ClusterFacts) -> Iterator[Finding]:
    for group in facts.subclusters:
        if len(group.nodes) == 2 and not group.ha:
            yield Finding(WARNING, f"HA is off for {group.name}.", "Enable HA once the services of both nodes run.")


@_test("ha_normal", "All subclusters with HA on are in Normal state")
def _ha_normal(facts: ClusterFacts) -> Iterator[Finding]:
    for group, node in _guarded(facts):
        if node.state != NORMAL:
            state = node.state.replace("_", " ")
            fix = "Repair the node, then choose Fallback, or Recover when both nodes have failed."
            yield Finding(FAILED, f"{node.name} in {group.name} is {state}.", fix)


@_test("nobody_failed_over", "Subclusters in Normal state have no users failed over")
def _nobody_failed_over(facts: ClusterFacts) -> Iterator[Finding]:
    for group, node in _guarded(facts):
        if node.away and all(other.state == NORMAL for other in group.nodes):
            fix = "Choose Fallback for the node; if it is not offered, disable and enable HA."
            yield Finding(FAILED, f"{counted(node.away, 'user')} of {node.name} served elsewhere.", fix)


@_test("keep_alive", "Keep Alive (Heartbeat) interval and timeout")
def _keep_alive(facts: ClusterFacts) -> Iterator[Finding]:
    interval, timeout = facts.keep_alive_interval, facts.keep_alive_timeout
    shown = f"A heartbeat every {interval} s, lost after {timeout} s."
    if timeout < 2 * interval:
        yield Finding(FAILED, f"{shown} One lost heartbeat starts a failover.", "Choose a timeout of four intervals.")
    elif (interval, timeout) != KEEP_ALIVE:
        yield Finding(INFO, shown, "The product's defaults are 15 and 60 s; keep them.")


@_test("initialization_keep_alive", "Initialization Keep Alive (Heartbeat) timeout")
def _initialization_keep_alive(facts: ClusterFacts) -> Iterator[Finding]:
    timeout = facts.initialization_keep_alive_timeout
    if timeout < facts.keep_alive_timeout:
        problem = f"{timeout} s are shorter than the Keep Alive timeout of {facts.keep_alive_timeout} s."
        yield Finding(WARNING, problem, "A starting node needs longer than a running one: the default is 120 s.")
    elif timeout != INITIALIZATION:
        yield Finding(INFO, f"{timeout} s.", "The product's default is 120 s; keep it.")


def _guarded(facts: ClusterFacts) -> Iterator[tuple[SubclusterFacts, NodeFacts]]:
    for group in facts.subclusters:
        if group.ha:
            yield from ((group, node) for node in group.nodes)


# --- What the product does not test ---------------------------------------------------------------


@_test("users_in_service", "All assigned users are in service")
def _users_in_service(facts: ClusterFacts) -> Iterator[Finding]:
    for node in facts.assigned:
        if node.out_of_service:
            problem = f"{counted(node.out_of_service, 'user')} of {node.name} out of service."
            yield Finding(FAILED, problem, "Repair the node that serves them, or fail it over to its peer.")


@_test("no_flapping", "No node restarts more often than its clients can return")
def _no_flapping(facts: ClusterFacts) -> Iterator[Finding]:
    for node in facts.assigned:
        if node.flapping:
            problem = f"{node.name} is flapping: it stops serving again before its users are signed in."
            yield Finding(FAILED, problem, "Switch it off, or fail it over by hand, until it is repaired.")


@_test("balanced", "Users are balanced over the nodes")
def _balanced(facts: ClusterFacts) -> Iterator[Finding]:
    nodes = facts.assigned
    capacity, users = sum(node.capacity_users for node in nodes), sum(node.home for node in nodes)
    if facts.mode != Mode.BALANCED or facts.standby or len(nodes) < 2:
        return
    for node in nodes:
        share = users * node.capacity_users / capacity
        if abs(node.home - share) > max(1, share * SPREAD):
            problem = f"{node.name} has {node.home:,} users, its share is {share:,.0f}."
            yield Finding(WARNING, problem, "Plan a rebalance.")


@_test("within_capacity", "No node is over its capacity")
def _within_capacity(facts: ClusterFacts) -> Iterator[Finding]:
    for node in facts.assigned:
        if node.home > node.capacity_users:
            problem = f"{node.name} is home to {node.home:,} users, rated for {node.capacity_users:,}."
            yield Finding(FAILED, problem, "Move users to other nodes, or give it a larger profile.")
        if node.endpoints > node.capacity_endpoints:
            problem = f"{node.name} has {node.endpoints:,} endpoints, rated for {node.capacity_endpoints:,}."
            yield Finding(FAILED, problem, "Move users to other nodes, or give it a larger profile.")
        if node.serving > max(node.capacity_users, node.home):
            problem = f"{node.name} serves {node.serving:,} users, rated for {node.capacity_users:,}."
            yield Finding(WARNING, problem, "Bring the failed node back.")


@_test("failover_fits", "Each node can carry its peer's users too")
def _failover_fits(facts: ClusterFacts) -> Iterator[Finding]:
    # The balanced non-redundant model is best effort by choice (domain.md §3): there it is no more than a warning.
    outcome = WARNING if facts.model == DeploymentModel.BALANCED_NON_REDUNDANT else FAILED
    for group in facts.subclusters:
        if len(group.nodes) == 2:
            for backup, failed in (group.nodes, group.nodes[::-1]):
                yield from _overload(facts, outcome, backup, failed)


def _overload(facts: ClusterFacts, outcome: str, backup: NodeFacts, failed: NodeFacts) -> Iterator[Finding]:
    users = backup.home + failed.home - backup.capacity_users
    endpoints = backup.endpoints + failed.endpoints - backup.capacity_endpoints
    if not failed.home or (users <= 0 and endpoints <= 0):
        return
    over = f"{users:,} users" if users > 0 else f"{endpoints:,} endpoints"
    then = "are served beyond its rating" if facts.serve_beyond_capacity else "stay out of service"
    problem = f"If {failed.name} fails, {over} more than {backup.name} is rated for {then}."
    yield Finding(outcome, problem, "Move users to another subcluster, or choose larger profiles.")


@_test("same_hardware", "The nodes of a subcluster have the same hardware")
def _same_hardware(facts: ClusterFacts) -> Iterator[Finding]:
    for group in facts.subclusters:
        if len({node.profile for node in group.nodes}) > 1:
            mixed = " and ".join(f"{node.name} ({node.profile:,})" for node in group.nodes)
            yield Finding(WARNING, f"{group.name} mixes profiles: {mixed}.", "Put equal hardware together.")


@_test("same_protection", "All subclusters have HA on, or none has")
def _same_protection(facts: ClusterFacts) -> Iterator[Finding]:
    with_nodes = [group for group in facts.subclusters if group.nodes]
    without = [group.name for group in with_nodes if not group.ha]
    if without and len(without) < len(with_nodes):
        problem = f"HA is on for some subclusters and off for {', '.join(without)}."
        yield Finding(WARNING, problem, "Mixed clusters work but are not recommended: enable HA everywhere.")


@_test("single_nodes", "Every subcluster has a second node")
def _single_nodes(facts: ClusterFacts) -> Iterator[Finding]:
    for group in facts.subclusters:
        if len(group.nodes) == 1:
            users = f"{group.nodes[0].home:,} users have"
            yield Finding(WARNING, f"{group.name} has one node: its {users} no protection.", "Add a second node.")


@_test("mode_fits", "The assignment mode fits the model and the placement")
def _mode_fits(facts: ClusterFacts) -> Iterator[Finding]:
    if facts.model == DeploymentModel.ACTIVE_STANDBY and facts.mode == Mode.BALANCED:
        problem = "The model is active/standby, but the mode Balanced sends new users to the standby nodes too."
        yield Finding(WARNING, problem, "Set the mode to active/standby.")
    if facts.mode == Mode.ACTIVE_STANDBY and facts.model != DeploymentModel.ACTIVE_STANDBY:
        problem = "The mode is active/standby, but the model wants users on every node."
        yield Finding(WARNING, problem, "Set the mode to balanced, or the model to active/standby.")
    for group in facts.subclusters:
        if facts.standby and len(group.nodes) == 2 and group.nodes[1].home:
            node = group.nodes[1]
            problem = f"{node.name} is the standby of {group.name} and home to {node.home:,} users."
            yield Finding(WARNING, problem, "Plan a move of the users to the first nodes.")


@_test("relogin_window", "Client re-login limits for the present load")
def _relogin_window(facts: ClusterFacts) -> Iterator[Finding]:
    for group in facts.subclusters:
        if group.relogin_window and len(group.nodes) == 2:
            lower, upper = group.relogin_window
            yield Finding(INFO, f"{group.name}: {lower} to {upper} s.", "Nothing to do: they follow the load.")


# --- All of them ----------------------------------------------------------------------------------
TESTS = TOPOLOGY | INTEGRITY


def run(facts: ClusterFacts) -> tuple[Check, ...]:
    """Every test in its order: those of the product first."""
    return tuple(checked(code, test, list(find(facts))) for code, (test, find) in TESTS.items())
