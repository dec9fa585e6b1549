"""Talking to a directory: the only file that knows ldap3.

    pages(agreement, password) -> servers in their order -> TLS -> bind -> base -> pages of entries

Whatever goes wrong comes back as Refused, with a reason of its own and without the password. A referral is not
followed: the password would go to a server that it was not given for.
"""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from uuid import UUID

import ldap3
from ldap3.core import exceptions as ldap

from assignments.directory.rules.agreement import Agreement, Server
from assignments.directory.rules.patience import LONGEST, Patience
from assignments.directory.rules.people import DirectoryEntry
from topology import reasons
from topology.reasons import Refused

PAGE = 500  # entries in a page
CONNECT_TIMEOUT, ANSWER_TIMEOUT = 5, 60  # seconds of silence
WHOLE_TIMEOUT = 120.0  # seconds of an answer that comes drop by drop; below reading.DEAD_AFTER
KEYS = ("entryUUID", "objectGUID")
REFERENCE = "searchResRef"  # stands for a part of the directory that another server has
ENTRY_TYPES = ("searchResEntry", REFERENCE)
BROKEN = (ldap.LDAPCommunicationError, OSError)
NOT_NOW = (ldap.LDAPBusyResult, ldap.LDAPUnavailableResult)
GARBLED = (LookupError, ValueError, TypeError, AttributeError, RecursionError)  # of bytes that ldap3 cannot read
DEMANDS_TLS = (ldap.LDAPConfidentialityRequiredResult, ldap.LDAPStrongerAuthRequiredResult)


def pages(agreement: Agreement, password: str, patience: Patience | None = None) -> Iterator[list[DirectoryEntry]]:
    """The people of a directory, a page at a time, flat in memory. Raises Refused.

    An empty page is a sign of life: each server that does not answer may take a minute. Without `patience` it is that
    of a run, for which no one waits.
    """
    patience = patience or Patience(ANSWER_TIMEOUT)
    failures: list[str] = []
    for server in agreement.addresses:
        try:
            connection = _open(agreement, server, password, patience)
            _bind(connection, agreement, server)
        except (*BROKEN, *NOT_NOW) as error:  # one that accepts the connection and never answers, too
            failures.append(f"{server}: {_words(error)}")
            yield []
            continue
        try:
            yield []
            _read_base(connection, agreement)
            yield []
            yield from _searched(connection, agreement, patience)
        finally:
            with _quiet():
                connection.unbind()
        return
    raise Refused(reasons.DIRECTORY_UNREACHABLE, why="; ".join(failures) or "no address is valid")


@contextmanager
def _quiet() -> Iterator[None]:
    """Saying goodbye to a server that is gone is no news."""
    with suppress(ldap.LDAPException, OSError):
        yield


@contextmanager
def _in_ldap() -> Iterator[None]:
    """What speaks something else than LDAP is no directory, or no longer one."""
    try:
        yield
    except (ldap.LDAPException, OSError):
        raise
    except GARBLED:
        raise ldap.LDAPSocketReceiveError("what it says is not LDAP") from None


def _open(agreement: Agreement, server: Server, password: str, patience: Patience) -> ldap3.Connection:
    is_tls = server.scheme == "ldaps"
    tls = _tls(agreement) if is_tls or agreement.start_tls else None
    address = ldap3.Server(
        server.host, server.port, use_ssl=is_tls, tls=tls, get_info=ldap3.NONE, connect_timeout=CONNECT_TIMEOUT
    )
    connection = ldap3.Connection(
        address,
        user=agreement.bind_dn or None,
        password=password or None,
        authentication=ldap3.SIMPLE if agreement.bind_dn else ldap3.ANONYMOUS,
        receive_timeout=patience.silence,
        raise_exceptions=True,
        auto_range=True,
        auto_referrals=False,
        check_names=False,
        read_only=True,
    )
    _limit_answers(connection, patience)
    try:
        with _in_ldap():
            connection.open()
            if agreement.start_tls:
                connection.start_tls()
    except (ldap.LDAPException, OSError) as error:
        if "certificate verify failed" in str(error):
            facts = {"server": str(server), "why": _certificate_words(error)}
            raise Refused(reasons.DIRECTORY_CA_UNKNOWN, **facts) from None
        if isinstance(error, OSError):
            raise
        raise ldap.LDAPSocketOpenError(_words(error)) from None
    return connection


def _limit_answers(connection: ldap3.Connection, patience: Patience) -> None:
    """Let an answer that never ends be one that was lost: ldap3 has patience with each part of it, however many."""
    collect, receive = connection.strategy._get_response, connection.strategy.receiving
    until = patience.until

    def collected(*given: Any) -> Any:
        nonlocal until
        until = min(time.monotonic() + WHOLE_TIMEOUT, patience.until)
        return collect(*given)

    def received() -> Any:
        if patience.is_over:
            raise ldap.LDAPSocketReceiveError(f"the {LONGEST} s of a test are over")
        if time.monotonic() > until:
            raise ldap.LDAPSocketReceiveError(f"an answer took longer than {WHOLE_TIMEOUT:g} s")
        return receive()

    connection.strategy._get_response, connection.strategy.receiving = collected, received


class _Tls(ldap3.Tls):  # type: ignore[misc]
    """TLS as Python's own library speaks it: it says the host's name, and what is wrong with a certificate in words."""

    def wrap_socket(self, connection: ldap3.Connection, do_handshake: bool = False) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if self.ca_certs_data:
            context.load_verify_locations(cadata=self.ca_certs_data)
        else:
            context.load_default_certs()
        connection.socket = context.wrap_socket(
            connection.socket, server_hostname=connection.server.host, do_handshake_on_connect=do_handshake
        )


def _tls(agreement: Agreement) -> ldap3.Tls:
    return _Tls(validate=ssl.CERT_REQUIRED, ca_certs_data=agreement.ca or None)


def _bind(connection: ldap3.Connection, agreement: Agreement, server: Server) -> None:
    facts = {"server": str(server), "who": agreement.bind_dn or "anonymous"}
    is_open = server.scheme == "ldap" and not agreement.start_tls
    try:
        with _in_ldap():
            is_bound = connection.bind()
    except (*BROKEN, *NOT_NOW):
        raise
    except ldap.LDAPResponseTimeoutError as error:
        raise ldap.LDAPSocketReceiveError(_words(error)) from None
    except ldap.LDAPException as error:
        why = _words(error)
        if is_open and isinstance(error, DEMANDS_TLS):
            raise Refused(reasons.DIRECTORY_TLS_DEMANDED, why=why, **facts) from None
        raise Refused(reasons.DIRECTORY_BIND_REFUSED, why=why, **facts) from None
    if not is_bound:
        raise Refused(reasons.DIRECTORY_BIND_REFUSED, why=_ending(connection), **facts)


def _read_base(connection: ldap3.Connection, agreement: Agreement) -> None:
    try:
        with _in_ldap():
            connection.search(agreement.base, "(objectClass=*)", ldap3.BASE, attributes=[ldap3.NO_ATTRIBUTES])
    except BROKEN as error:
        raise Refused(reasons.DIRECTORY_LOST, read=0, why=_words(error)) from None
    except ldap.LDAPException as error:
        raise Refused(reasons.DIRECTORY_BASE_UNREADABLE, base=agreement.base, why=_words(error)) from None
    if not connection.response or connection.result["result"]:
        why = _ending(connection) or "the account does not see it"
        raise Refused(reasons.DIRECTORY_BASE_UNREADABLE, base=agreement.base, why=why)


def _searched(connection: ldap3.Connection, agreement: Agreement, patience: Patience) -> Iterator[list[DirectoryEntry]]:
    wanted = [*KEYS, *dict.fromkeys(agreement.mapped.values())]
    read, cookie = 0, None
    while True:
        try:
            with _in_ldap():
                connection.search(
                    agreement.base,
                    agreement.filter,
                    ldap3.SUBTREE,
                    attributes=wanted,
                    paged_size=PAGE,
                    paged_cookie=cookie,
                )
        except ldap.LDAPInvalidFilterError:
            raise Refused(reasons.DIRECTORY_FILTER, value=agreement.filter[:200]) from None
        except BROKEN as error:
            raise Refused(reasons.DIRECTORY_LOST, read=read, why=_words(error)) from None
        except ldap.LDAPException as error:
            raise Refused(reasons.DIRECTORY_SEARCH_FAILED, read=read, why=_words(error)) from None
        page = [_entry(response) for response in connection.response or () if response["type"] in ENTRY_TYPES]
        read += len(page)
        if why := _ending(connection):
            raise Refused(reasons.DIRECTORY_SEARCH_FAILED, read=read, why=why)
        if page:
            yield page
        cookie = _cookie(connection.result)
        if not cookie:
            return
        if patience.is_over:
            raise Refused(reasons.DIRECTORY_TEST_LONG, read=read, seconds=LONGEST)


def _ending(connection: ldap3.Connection) -> str:
    """How an operation ended in which not everything was done, where ldap3 raises nothing: limits, and referrals."""
    result = connection.result
    if not result["result"]:
        return ""
    elsewhere = ", ".join(result.get("referrals") or ())
    text = f"it lies on another server, {elsewhere}" if elsewhere else f"{result['description']}: {result['message']}"
    return " ".join(text.split())[:200].rstrip(".: ")


def _cookie(result: dict[str, Any]) -> bytes | None:
    control = (result.get("controls") or {}).get("1.2.840.113556.1.4.319")
    return control["value"]["cookie"] if control else None


def _entry(response: dict[str, Any]) -> DirectoryEntry:
    if response["type"] == REFERENCE:
        return DirectoryEntry(response["uri"][0], "", {}, is_elsewhere=True)
    raw = {name.lower(): values for name, values in response["raw_attributes"].items()}
    values = {name: [_text(value) for value in listed] for name, listed in raw.items()}
    return DirectoryEntry(response["dn"], _key(raw), values)


def _key(raw: dict[str, Sequence[bytes]]) -> str:
    """The key that a rename and a move leave alone: entryUUID as text, objectGUID from its bytes."""
    if values := raw.get("entryuuid"):
        return _text(values[0]).lower()
    if values := raw.get("objectguid"):
        return str(UUID(bytes_le=values[0])) if len(values[0]) == 16 else values[0].hex()
    return ""


def _text(value: bytes) -> str:
    return value.decode("utf-8", errors="replace")


def _words(error: BaseException) -> str:
    """What a library said, short and in one line."""
    if match := OF_TLS.search(str(error)):
        return f"TLS: {match[1]}"
    result = getattr(error, "message", "") or getattr(error, "description", "")
    description = getattr(error, "description", "")
    text = result if result and result == description else ": ".join(filter(None, (description, result))) or str(error)
    return " ".join(text.split())[:200].rstrip(".") or type(error).__name__


OF_TLS = re.compile(r"\[SSL[^]]*\] (.+?)\.?(?: \(_ssl|$)", re.DOTALL)


def _certificate_words(error: BaseException) -> str:
    _, _, said = str(error).partition("certificate verify failed: ")
    return " ".join(said.partition(" (_ssl")[0].replace("\\", "").split()).rstrip(".")[:200]
