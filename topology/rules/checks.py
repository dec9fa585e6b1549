"""The topology troubleshooter: the nine tests of the product, the gaps it leaves, and the integrity of our own data.

ClusterFacts -> one Check per test: passed | warning | failed | info, with the problem and its fix (domain.md §6.1)
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from topology.reasons.words import counted
from topology.rules.check_facts import ClusterFacts, NodeFacts, SubclusterFacts
from topology.rules.modes import DeploymentModel, Mode

PASSED, WARNING, FAILED, INFO = "passed", "warning", "failed", "info"
WORST_FIRST = (FAILED, WARNING, INFO, PASSED)
SPREAD = 0.10  # a node may have this much more or less than its share of the users
NORMAL = "normal"
KEEP_ALIVE = (15, 60)  # interval and timeout in seconds, the product's defaults (domain.md §4.2)
INITIALIZATION = 120


@dataclass(frozen=True)
class Finding:
    """What one test found: an outcome other than passed, with the problem and what to do."""

    outcome: str
    problem: str
    fix: str


@dataclass(frozen=True)
class Check:
    """One line of the troubleshooter."""

    code: str
    test: str
    outcome: str
    problem: str = ""
    fix: str = ""

    def as_dict(self) -> dict[str, str]:
        """The shape that the page, the commands and the API give."""
        return {
            "code": self.code,
            "test": self.test,
            "outcome": self.outcome,
            "problem": self.problem,
            "fix": self.fix,
        }


Test = Callable[[ClusterFacts], Iterator[Finding]]
TESTS: dict[str, tuple[str, Test]] = {}


def run(facts: ClusterFacts) -> tuple[Check, ...]:
    """Every test in its order: those of the product first."""
    return tuple(_check(code, test, list(find(facts))) for code, (test, find) in TESTS.items())


def worst(checks: Iterable[Check]) -> str:
    """The gravest outcome of all."""
    return min((check.outcome for check in checks), key=WORST_FIRST.index, default=PASSED)


def _check(code: str, test: str, findings: list[Finding]) -> Check:
    if not findings:
        return Check(code, test, PASSED)
    outcome = min((finding.outcome for finding in findings), key=WORST_FIRST.index)
    problem = " ".join(finding.problem for finding in findings)
    return Check(code, test, outcome, problem, " ".join(dict.fromkeys(finding.fix for finding in findings)).strip())


def _test(code: str, description: str) -> Callable[[Test], Test]:
    def enter(find: Test) -> Test:
        TESTS[code] = (description, find)
        return find

    return enter


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


# --- Integrity ------------------------------------------------------------------------------------


@_test("publisher", "The cluster has a publisher")
def _publisher(facts: ClusterFacts) -> Iterator[Finding]:
    nodes = (*facts.assigned, *facts.unassigned_nodes)
    if not nodes:
        yield Finding(WARNING, "The cluster has no nodes.", "Add its publisher, then the others.")
    elif not any(node.publisher for node in nodes):
        yield Finding(FAILED, "No node is the publisher.", "Apply a topology file that names it.")


@_test("counts_true", "The counts of users equal the users")
def _counts_true(facts: ClusterFacts) -> Iterator[Finding]:
    for wrong in facts.miscounted:
        yield Finding(FAILED, f"{wrong}.", "The database was changed past its triggers: restore it, and report this.")


@_test("served_at_home", "Every user is served in the subcluster of the home node")
def _served_at_home(facts: ClusterFacts) -> Iterator[Finding]:
    if facts.strays:
        problem = f"{facts.strays:,} users are served outside the subcluster of their home node."
        yield Finding(FAILED, problem, "Unassign and assign them again.")


@_test("user_ids_differ", "User IDs differ by more than case and spelling")
def _user_ids_differ(facts: ClusterFacts) -> Iterator[Finding]:
    for pair in facts.twins:
        problem = f"{pair}: one user ID in several spellings, from before they were compared so."
        yield Finding(WARNING, problem, "Find out who is who, and remove the others.")


@_test("directory_uris_differ", "Every directory URI belongs to one user")
def _directory_uris_differ(facts: ClusterFacts) -> Iterator[Finding]:
    if facts.doubled_uris:
        some = ", ".join(facts.some_uris) + (" …" if facts.doubled_uris > len(facts.some_uris) else "")
        problem = (
            f"{counted(facts.doubled_uris, 'directory URI belongs|directory URIs belong')} to several users: {some}."
        )
        yield Finding(WARNING, problem, "Open Duplicates in the menu of clusters, or run manage.py duplicates.")


@_test("homes_once", "No user is reported at home in another cluster too")
def _homes_once(facts: ClusterFacts) -> Iterator[Finding]:
    if facts.claimed:
        some = ", ".join(facts.some_claimed) + (" …" if facts.claimed > len(facts.some_claimed) else "")
        problem = f"{counted(facts.claimed, 'user is|users are')} reported at home in another cluster too: {some}."
        yield Finding(WARNING, problem, "Unassign them here, or there: open Duplicates in the menu of clusters.")


@_test("peers_in_sync", "Every other cluster is a peer, on both sides and in sync")
def _peers_in_sync(facts: ClusterFacts) -> Iterator[Finding]:
    yield from (Finding(*found) for found in facts.peers)


@_test("clusters_alike", "Clusters that are peers run one release on like hardware")
def _clusters_alike(facts: ClusterFacts) -> Iterator[Finding]:
    yield from (Finding(*found) for found in facts.unlike)


@_test("directory_in_step", "Users follow their directory")
def _directory_in_step(facts: ClusterFacts) -> Iterator[Finding]:
    for problem, fix in facts.directory:
        yield Finding(WARNING, problem, fix)


@_test("dns_records", "The name server has the DNS records that clients need")
def _dns_records(facts: ClusterFacts) -> Iterator[Finding]:
    if facts.dns is None:
        fix = "Name it in the settings, for these records to be checked on a schedule."
        yield Finding(INFO, "No name server is set.", fix)
    for problem, fix in facts.dns or ():
        yield Finding(FAILED, problem, fix)


@_test("old_entries", "Old entries are removed every night")
def _old_entries(facts: ClusterFacts) -> Iterator[Finding]:
    shown = f"Kept: {'; '.join(facts.stored)}."
    if facts.overdue:
        fix = "Run manage.py remove_old and read what it says; look whether worker and beat run at night."
        yield Finding(WARNING, f"Nothing old was removed {facts.overdue}. {shown}", fix)
    elif facts.stored:
        yield Finding(INFO, shown, "Nothing to do: KEEP_MOVES_DAYS and its like say for how long.")
