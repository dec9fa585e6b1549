"""Nodes and loads that plans are made for."""

from assignments.planning.rules.loads import NodeLoad


def node(pk: int, users: int = 0, *, capacity: int = 5000, **more: object) -> NodeLoad:
    """Node 1 and 2 are the pair 1, node 3 and 4 the pair 2, and so on."""
    fields: dict[str, object] = {
        "id": pk,
        "name": f"n{pk}",
        "subcluster": (pk + 1) // 2,
        "slot": 2 - pk % 2,
        "capacity_users": capacity,
        "capacity_endpoints": 2 * capacity,
        "users": users,
        "endpoints": 2 * users,
    }
    return NodeLoad(**(fields | more))  # type: ignore[arg-type]
