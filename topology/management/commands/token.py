"""manage.py token create|list|revoke: what programs sign in with."""

import argparse
from typing import Any

from django.core.management.base import CommandParser

from topology.accounts import roles, tokens
from topology.management.console import WHO, ConsoleCommand
from topology.structure import selectors


class Command(ConsoleCommand):
    help = "Create, list and revoke tokens of the HTTP API."
    example = "manage.py token create ci --role operator --days 90"

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, help="what to do; each has --help")
        create = verbs.add_parser("create", help="create a token and print it; it is shown only once")
        create.add_argument("name", help="a name, which the history shows")
        create.add_argument(
            "--role", choices=roles.ROLES, default=roles.VIEWER, help="what it may do (default: viewer)"
        )
        create.add_argument("--cluster", action="append", default=[], help="reach only this one; may be repeated")
        create.add_argument("--days", type=int, help="days after which it ends; default: never")
        listed = verbs.add_parser("list", help="list the tokens that are not revoked")
        revoke = verbs.add_parser("revoke", help="revoke a token")
        revoke.add_argument("id", type=int, help="number of the token, as list shows it")
        for verb in (create, listed, revoke):
            verb.add_argument("--json", action="store_true", help=self.json_help)
            verb.add_argument("--as", dest="acting", metavar="NAME", default=argparse.SUPPRESS, help=WHO)

    def handle(self, *args: Any, **options: Any) -> None:
        with self.refusals(options["json"]):
            getattr(self, f"_{options['verb']}")(options)

    def _create(self, options: dict[str, Any]) -> None:
        clusters = [selectors.cluster_named(name) for name in dict.fromkeys(options["cluster"])]
        token, text = tokens.create(options["name"], options["role"], clusters, days=options["days"], actor=self.actor)
        if options["json"]:
            self.print_json(tokens.as_dict(token) | {"token": text})
        else:
            self.stdout.write(text)

    def _list(self, options: dict[str, Any]) -> None:
        rows = [tokens.as_dict(token) for token in tokens.listed()]
        if options["json"]:
            self.print_json(rows)
            return
        for token in rows:
            reach = "all clusters" if token["everywhere"] else ", ".join(token["clusters"]) or "no cluster any more"
            used = token["last_used"] or "never"
            self.stdout.write(f"{token['id']:>5}  {token['name']:24} {token['role']:14} {reach}; last used {used}")
        if not rows:
            self.stdout.write("No token.")

    def _revoke(self, options: dict[str, Any]) -> None:
        token = tokens.revoke(options["id"], actor=self.actor)
        if options["json"]:
            self.print_json({"id": token.pk, "revoked": True})
        else:
            self.stdout.write(f"Revoked: {token.name}.")
