"""Static files of a run on one machine: found where they are written, and compressed as they are sent.

In production `collectstatic` compresses them once, and WhiteNoise serves what it made.
"""

from django.http import HttpRequest, HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

_gzip = GZipMiddleware(lambda request: HttpResponseBase())


class CompressedFiles(WhiteNoiseMiddleware):  # type: ignore[misc]
    """Serves files that may change under the running server, with gzip where the client accepts it."""

    @staticmethod
    def serve(static_file: StaticFile, request: HttpRequest) -> HttpResponseBase:
        answer = WhiteNoiseMiddleware.serve(static_file, request)
        # A part that is asked for is a part of the file as it lies there.
        is_whole = answer.status_code == 200 and request.method == "GET"
        return _gzip.process_response(request, answer) if is_whole else answer
