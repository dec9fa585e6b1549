"""The topics of a board: what announces a change of any of its numbers (docs/architecture.md, “Live page”)."""

from __future__ import annotations

from assignments.population.selectors import Board


def topics(board: Board) -> str:
    """Everything that changes a number of the board, with spaces between."""
    names = [f"cluster-{board.cluster.pk}", f"history-{board.cluster.pk}"]
    names += [f"subcluster-{view.subcluster.pk}" for view in board.subclusters]
    return " ".join(names + [f"node-{view.node.pk}" for view in board.nodes])
