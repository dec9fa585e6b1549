"""Demo mode: no name of a person on any page, the same pseudonym everywhere, and nothing changed in the data."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from assignments.models import Assignment
from assignments.moves import pins
from assignments.moves.selection import Selection
from assignments.runs.hand_moves import move_users
from tests.support.worlds import make_acme, node
from topology import reasons
from topology.accounts import pseudonyms, roles, sentences
from topology.accounts.sign_in import give_role
from topology.models import EndUser
from topology.reasons import Refused, Said
from topology.templatetags.console import sentence


def test_a_pseudonym_is_always_the_same_and_needs_the_key() -> None:
    with pseudonyms.enabled("one key"):
        first = pseudonyms.user_id("jdoe")
        assert first == pseudonyms.user_id("JDOE") != pseudonyms.user_id("jdoe2")
        assert "jdoe" not in first
        assert pseudonyms.mail("jdoe@acme.org", "jdoe") == f"{first}@example.org"
        assert pseudonyms.name("", "jdoe") == ""
        assert pseudonyms.account("engine") == "engine"
    with pseudonyms.enabled("another key"):
        assert pseudonyms.user_id("jdoe") != first
    assert pseudonyms.user_id("jdoe") == "jdoe"


def test_sentences_of_refusals_and_history_hide_whom_they_name() -> None:
    refusal = Refused(reasons.USER_MOVED_SINCE, user="jdoe", node="imp1a", author="anna")
    with pseudonyms.enabled("key"):
        told = sentences.hidden(refusal).message
        assert "jdoe" not in told
        assert "anna" not in told
        assert told == sentences.say(refusal.reason, refusal.facts) == sentence(refusal)
        assert pseudonyms.user_id("jdoe") in told
        nested = {"name": "x", "what": Said(refusal.reason, refusal.facts)}
        assert sentences.say(reasons.NODE_MOVED_MEANWHILE, nested).endswith(told)
    assert refusal.message.startswith("anna has since moved jdoe to imp1a")


def test_a_reason_knows_nothing_of_who_reads_it() -> None:
    """What is kept, or answered to a program, must not depend on the page that asked for it."""
    facts = {"user": "jdoe", "node": "imp1a", "author": "anna", "owner": "bert", "because": "a gateway"}
    for reason in (reasons.USER_MOVED_SINCE, reasons.USER_PINNED, reasons.PIN_OF_ANOTHER, reasons.NO_SUCH_USER):
        plain = reason.say(**facts), reason.say_fix(**facts)
        with pseudonyms.enabled("key"):
            assert (reason.say(**facts), reason.say_fix(**facts)) == plain


@pytest.mark.in_turns
@pytest.mark.django_db
def test_no_page_names_anybody_while_names_are_hidden() -> None:
    acme = make_acme(imp1a=60)
    anna = get_user_model().objects.create(username="anna-the-operator")
    give_role(anna, roles.ADMINISTRATOR)
    EndUser.objects.update(mail="secret@acme.org")
    user = Assignment.objects.order_by("user_id").first()
    assert user
    run = move_users(acme, [user.pk], node(acme, "imp2a"), actor=anna)
    pins.pin(Selection(acme, (user.pk,)), "a gateway", actor=anna)
    client = Client(headers={"HX-Request": "true"})
    client.force_login(anna)
    assert client.post(reverse("hide-names"))["HX-Refresh"] == "true"
    pages = [reverse(name, args=["acme"]) for name in ("cluster", "users", "history", "operations")]
    pages += [reverse("operation", args=[run.pk]), reverse("details", args=["acme"]) + f"?users={user.pk}"]
    pages += [
        reverse("unpin", args=["acme"]) + f"?users={user.pk}",
        reverse("move-dialog", args=["acme"]) + f"?users={user.pk}",
    ]
    for address in pages:
        page = client.get(address).content.decode()
        # Where the list goes on is an address that the server needs; nobody sees it.
        seen = page.replace("before=imp1a-", "").replace("after=imp1a-", "")
        for secret in ("imp1a-0", "Person ", "secret@", "anna-the-operator"):
            assert secret not in seen, f"{secret} on {address}"
    details = client.get(pages[5]).content.decode()
    with pseudonyms.enabled(_key()):
        assert pseudonyms.user_id("imp1a-0001") in details
        assert pseudonyms.user_id("imp1a-0002") in client.get(pages[1]).content.decode()
    client.post(reverse("hide-names"))
    assert "imp1a-0001" in client.get(pages[5]).content.decode()
    assert EndUser.objects.filter(user_id="imp1a-0001").exists()


def _key() -> str:
    from django.conf import settings

    return str(settings.SECRET_KEY)
