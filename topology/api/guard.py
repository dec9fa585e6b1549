"""The one door of the API: who calls, how often, and whether the same request was answered before.

token? -> 401    within the limit? -> 429    key known? -> the first answer, 409 in flight, 422 other payload
                                              \\-> one transaction: the verb and its answer, both or neither
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from psycopg.pq import TransactionStatus

from topology import reasons
from topology.accounts import tokens
from topology.accounts.tokens import ApiClient
from topology.api import problems, trying
from topology.api.failures import failed
from topology.models import ApiAnswer
from topology.reasons import Refused
from topology.views.reading import unreadable

LONGEST_KEY = 255
KEPT = 24 * 3600  # seconds that an answer is given again
IN_MEMORY = 1_000_000  # bytes of a body; a longer one goes to disk
FILES = "text/csv"
SEALED = "sealed:"  # how a kept answer begins that only its token opens; no JSON does
View = Callable[..., HttpResponseBase]


class ApiRequest(HttpRequest):
    """A request of the API: the program that calls, what its address is about, and a file that it sent."""

    caller: ApiClient
    target: Any
    file: IO[bytes]


def guarded_view(view: View, *, is_open: bool = False) -> View:
    """A view of the API behind the door; `is_open` needs no token (the schema and its page)."""

    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs) if is_open else _enter(view, request, args, kwargs)
        except Refused as refused:
            return problems.refusal(request, refused)
        except RequestDataTooBig:
            return problems.of_status(request, 413)
        except Exception as error:  # noqa: BLE001 - whatever it is, a program is answered
            return failed(request, error)

    answer.csrf_exempt = True  # type: ignore[attr-defined]  # a token is sent on purpose, never by a browser alone
    answer.login_required = False  # type: ignore[attr-defined]
    return answer


def _enter(view: View, request: HttpRequest, args: Any, kwargs: Any) -> HttpResponseBase:
    now = timezone.now()
    program = tokens.bearer(request.headers.get("Authorization", ""), now)
    if program is None:
        response = problems.problem(request, reasons.TOKEN_NEEDED)
        response["WWW-Authenticate"] = 'Bearer realm="Homenode"'
        return response
    if wait := tokens.over_limit(program, now):
        limit = settings.API_REQUESTS_PER_MINUTE
        response = problems.problem(request, reasons.RATE_LIMITED, token=program.name, limit=limit, seconds=wait)
        response["Retry-After"] = str(wait)
        return response
    if (problem := unreadable(request)) is not None:
        raise Refused(reasons.INPUT_NOT_READABLE, name=problem)
    request.caller = program  # type: ignore[attr-defined]
    if request.method != "POST":
        return view(request, *args, **kwargs)
    return _once(view, request, program, args, kwargs)


def _once(view: View, request: HttpRequest, program: ApiClient, args: Any, kwargs: Any) -> HttpResponseBase:
    """Answer a POST; one with a key that was answered before gets that answer again and does nothing."""
    given = request.headers.get("Idempotency-Key")
    digest = _read(request)
    if given is None:
        return view(request, *args, **kwargs)
    key = given.strip()  # who sends an empty one believes that nothing is done twice
    if not 0 < len(key) <= LONGEST_KEY or not key.isprintable():
        raise Refused(reasons.IDEMPOTENCY_KEY_NOT_VALID, longest=LONGEST_KEY)
    with transaction.atomic():
        if not _hold(program, key):
            raise Refused(reasons.IDEMPOTENCY_IN_FLIGHT, key=key)
        kept = ApiAnswer.objects.filter(token=program.token_id, key=key, created_at__gte=_oldest())
        if known := kept.first():
            return _again(known, request, digest, key)
        response = view(request, *args, **kwargs)
        if _left_nothing(response):  # so the key is free for the real one, or for another try
            transaction.set_rollback(True)
        elif isinstance(response, HttpResponse):
            _keep(program, key, digest, response, _cipher(request) if hasattr(request, "sealed") else None)
    return response


def _left_nothing(response: HttpResponseBase) -> bool:
    """Whether a request was a dry run, failed, or met another change: then the database may have ended its work."""
    ended = connection.connection.info.transaction_status == TransactionStatus.INERROR
    met = getattr(response, "code", "") == reasons.CHANGED_MEANWHILE.code
    return ended or met or trying.SAID in response.headers or response.status_code >= 500


def _read(request: HttpRequest) -> str:
    """Read the body, a file to disk, and answer what the request is known by."""
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\0".encode())
    if request.content_type != FILES:
        digest.update(request.body)
        return digest.hexdigest()
    # A file: read by the import in pieces, whatever its length.
    file: IO[bytes] = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  # closed with the request
    while part := request.read(IN_MEMORY):
        digest.update(part)
        file.write(part)
    file.seek(0)
    request.file = file  # type: ignore[attr-defined]
    return digest.hexdigest()


def _hold(program: ApiClient, key: str) -> bool:
    """Take the key for this transaction, unless another request has it now."""
    with connection.cursor() as cursor:
        text = f"api:{program.token_id}:{key}"
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [text])
        return bool(cursor.fetchone()[0])


def seal_answer(request: HttpRequest) -> None:
    """Keep the answer so that only the token that asked can read it: it has a secret."""
    request.sealed = True  # type: ignore[attr-defined]


def _cipher(request: HttpRequest) -> Fernet:
    """The lock of a kept secret: its key is the token itself, of which the database has no more than a hash."""
    token = request.headers.get("Authorization", "").partition(" ")[2].strip()
    return Fernet(urlsafe_b64encode(hashlib.sha256(f"answer\0{token}".encode()).digest()))


def _again(known: ApiAnswer, request: HttpRequest, digest: str, key: str) -> HttpResponse:
    if known.fingerprint != digest:
        raise Refused(reasons.IDEMPOTENCY_OTHER_PAYLOAD, key=key)
    body = known.body
    if body.startswith(SEALED):
        body = _cipher(request).decrypt(body.removeprefix(SEALED)).decode()
    response = HttpResponse(body, status=known.status, content_type=known.content_type)
    response["Idempotent-Replayed"] = "true"
    return response


def _oldest() -> datetime:
    """What was answered before this is answered anew, whether or not it is still there."""
    return timezone.now() - timedelta(seconds=KEPT)


def _keep(program: ApiClient, key: str, digest: str, response: HttpResponse, cipher: Fernet | None) -> None:
    ApiAnswer.objects.filter(created_at__lt=_oldest()).delete()
    ApiAnswer.objects.create(
        token_id=program.token_id,
        key=key,
        fingerprint=digest,
        status=response.status_code,
        content_type=response["Content-Type"],
        body=SEALED + cipher.encrypt(response.content).decode() if cipher else response.content.decode(),
    )
