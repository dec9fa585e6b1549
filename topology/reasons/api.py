"""Reasons: the HTTP API."""

from topology.reasons.reason import add_reason

API_INPUT_NOT_VALID = add_reason(
    "API_INPUT_NOT_VALID", "{place}: {problem}.", "The schema of the call is at /api/v1/docs.", status=422
)
API_NO_SUCH_ADDRESS = add_reason(
    "API_NO_SUCH_ADDRESS", "There is no such address.", "The addresses are listed at /api/v1/docs.", status=404
)
API_NO_SUCH_METHOD = add_reason(
    "API_NO_SUCH_METHOD", "This address has no {method}.", "The header Allow names the methods it has.", status=405
)
API_FAILED = add_reason(
    "API_FAILED", "The console failed to answer.", "Try again; the log of the web process says why.", status=500
)
IDEMPOTENCY_KEY_NEEDED = add_reason(
    "IDEMPOTENCY_KEY_NEEDED",
    "Moving all users that match a filter is not safe to repeat: users that match later would move too.",
    "Send a header Idempotency-Key, with a new value for each move.",
    status=400,
)
IDEMPOTENCY_KEY_NOT_VALID = add_reason(
    "IDEMPOTENCY_KEY_NOT_VALID",
    "The Idempotency-Key must be printable text of 1 to {longest} characters.",
    "Send a UUID.",
    status=400,
)
IDEMPOTENCY_IN_FLIGHT = add_reason(
    "IDEMPOTENCY_IN_FLIGHT",
    "The request with the Idempotency-Key {key} is still in progress.",
    "Try again in a second; you will get the answer of the first request.",
)
IDEMPOTENCY_OTHER_PAYLOAD = add_reason(
    "IDEMPOTENCY_OTHER_PAYLOAD",
    "The Idempotency-Key {key} was used with another request.",
    "Use a new key for a new request.",
    status=422,
)
IMPORT_REFUSED = add_reason(
    "IMPORT_REFUSED",
    "{problems:problem} in {lines:line}: nothing was imported.",
    "Correct the lines listed, then send the file again.",
    status=422,
)
