"""The HTTP API: the routers of the rooms, in the order in which its page shows them."""

from assignments.board.api import router as board
from assignments.directory.api import router as directory
from assignments.intercluster.api.duplicates import router as duplicates
from assignments.intercluster.api.moves import router as moves_between_clusters
from assignments.intercluster.api.peers import router as peers
from assignments.moves.api import router as moves
from assignments.planning.api import router as planning
from assignments.recovery.api import router as recovery
from assignments.runs.api import router as runs
from assignments.simulation.api import router as simulation
from assignments.users.api.saved_views import router as saved_views
from assignments.users.api.users import router as users
from topology.api import site
from topology.api.accounts import router as accounts
from topology.api.dns import router as dns
from topology.api.history import router as history

PEOPLE = [board, users, saved_views, directory, moves_between_clusters, peers, duplicates, dns]
# Recovery before runs, which take any other verb of an operation.
RUNS = [moves, planning, recovery, runs, simulation, history, accounts]
api = site.build([*PEOPLE, *RUNS], version="1.0.0")
