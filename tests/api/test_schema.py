"""The API keeps to its own schema, whatever is asked: schemathesis makes the requests.

Few examples here, so that the suite stays short; `make torture` asks more.
"""

from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase
from hypothesis import settings as examples
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support import torture
from tests.support.worlds import make_acme
from topology.accounts import roles, tokens

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 50 if torture.WHOLE else 2
schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())
pytestmark = pytest.mark.usefixtures("_keep_connection")


@pytest.fixture
def token(db: None, settings: Any) -> str:
    settings.API_REQUESTS_PER_MINUTE = 10**6
    make_acme(imp1a=3, imp1b=2, waiting=1)
    return tokens.create("schemathesis", roles.ADMINISTRATOR, actor="test")[1]


@schema.parametrize()
@examples(
    max_examples=EXAMPLES,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    deadline=None,
)
def test_answers_keep_to_the_schema(case: schemathesis.Case, token: str) -> None:
    case.call_and_validate(checks=CHECKS, headers={"Authorization": f"Bearer {token}"})
