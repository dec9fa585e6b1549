"""What a person does on the structure page."""

from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from tests.board.pages import HTMX


def get(client: Client, name: str, /, *args: Any, **query: Any) -> str:
    answer = client.get(reverse(name, args=args), query, headers=HTMX)
    assert answer.status_code == 200, answer.content.decode()
    return answer.content.decode()


def post(client: Client, name: str, /, *args: Any, **typed: Any) -> HttpResponse:
    return client.post(reverse(name, args=args), typed, headers=HTMX)


def html(answer: HttpResponse) -> str:
    return answer.content.decode()
