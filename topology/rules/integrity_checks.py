"""The tests of the troubleshooter that ask whether our own data hold together, and what stands around the cluster."""

from collections.abc import Callable, Iterator

from topology.reasons.words import counted
from topology.rules.check_facts import ClusterFacts
from topology.rules.check_list import FAILED, INFO, WARNING, Finding, Test, Tests, entry

INTEGRITY: Tests = {}


def _test(code: str, description: str) -> Callable[[Test], Test]:
    return entry(INTEGRITY, code, description)


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
    yield from (Finding(*parts) for parts in facts.peers)


@_test("clusters_alike", "Clusters that are peers run one release on like hardware")
def _clusters_alike(facts: ClusterFacts) -> Iterator[Finding]:
    yield from (Finding(*parts) for parts in facts.unlike)


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
