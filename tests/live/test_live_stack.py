"""What a test started is over before its tables are emptied."""

import psycopg
import pytest
from django.db import connection

from tests.support.live_stack import LiveStack


@pytest.mark.slow
def test_a_transaction_that_is_left_open_is_ended_before_the_tables_are_emptied(live_web: LiveStack) -> None:
    options = {
        key: connection.get_connection_params()[key]
        for key in ("host", "port", "user", "password", "dbname")
        if key in connection.get_connection_params()
    }
    with psycopg.connect(**options) as other:
        other.execute("LOCK TABLE topology_event IN ROW EXCLUSIVE MODE")
        assert other.info.backend_pid in live_web._transactions()
        live_web.end_transactions()
        assert other.info.backend_pid not in live_web._transactions()
        with pytest.raises(psycopg.OperationalError):
            other.execute("SELECT 1")
