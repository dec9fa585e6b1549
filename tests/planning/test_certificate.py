"""What a certificate says of each claim, the same before it is stored and after."""

import json

import pytest

from assignments.planning.rules.certificate import WORDS, Certificate, Choice, PlanClaim, words

ANY = {"choice": Choice.ANY_USERS.value}
FULLEST = {"of": "node", "fullest": 1 / 3}
OVER = {"over": [["imp2b", 1], ["imp1a", 4_000]]}

SAID = [
    (Certificate(PlanClaim.BALANCED, 0, {"of": "node"}), "The cluster is already as balanced as the rules allow"),
    (Certificate(PlanClaim.BALANCED, 0, {"of": "cluster"}), "The clusters are already as balanced as the rules allow"),
    (
        Certificate(PlanClaim.BALANCE, 4_001, FULLEST | OVER | ANY),
        (
            "no node above 33.33% of its capacity and leaves these nodes with less than they have: imp2b by 1, imp1a by"
            " 4,000. A move takes one user off one node, so 4,001 is the minimum. Endpoints do not limit the choice"
        ),
    ),
    (
        Certificate(PlanClaim.FILL, 1, {"choice": Choice.BY_ENDPOINTS.value}),
        "1 user without a home, each assigned once; no other user moves. Users are picked by their endpoints",
    ),
    (Certificate(PlanClaim.EVACUATION, 2, ANY | {"nodes": ["imp1a"]}), "2 users at home on imp1a, each moved once;"),
    (Certificate(PlanClaim.EVACUATION, 0, ANY | {"nodes": []}), "0 users at home on the node, each moved once;"),
    (Certificate(PlanClaim.ON_FIRST, 0), "All movable users are already on a first node"),
    (
        Certificate(PlanClaim.STANDBY, 4_001, OVER | ANY),
        "more than their first node holds: imp2b by 1, imp1a by 4,000.",
    ),
    (Certificate(PlanClaim.SOLVED, 4_001, FULLEST), "(fullest node 33.33%), and of those as good 4,001 is the minimum"),
    (
        Certificate(PlanClaim.OUT_OF_TIME, 4_001, FULLEST | {"seconds": 20.0, "above": 1}),
        "the solver's 20 s ran out: best found, fullest node 33.33%, at most 1 move above the bound of 4,001.",
    ),
    (Certificate(PlanClaim.NAMED, 1), "1 user named, each moved once."),
]


@pytest.mark.parametrize(("certificate", "said"), SAID)
def test_a_certificate_says_the_same_after_it_was_stored(certificate: Certificate, said: str) -> None:
    assert said in str(certificate)
    assert words(json.loads(json.dumps(certificate.as_dict()))) == str(certificate)


def test_every_claim_has_words() -> None:
    assert set(WORDS) == set(PlanClaim) == {certificate.claim for certificate, _ in SAID}
