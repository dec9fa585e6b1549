"""A small cluster that pages show while others change it."""

import pytest

from tests.support.live_stack import LiveStack
from tests.support.worlds import make_acme
from topology.models import Cluster


@pytest.fixture
def acme(live_web: LiveStack) -> Cluster:
    return make_acme(imp1a=30, imp1b=4)
