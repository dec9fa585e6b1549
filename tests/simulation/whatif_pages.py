"""What a person does on the pages of what-if, and the time that passes for a cluster meanwhile."""

from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from assignments.recovery import service
from topology.models import Cluster, Subcluster


def client_of(role: str = "operator", name: str = "") -> Client:
    person, _ = get_user_model().objects.get_or_create(username=name or role)
    person.groups.set([Group.objects.get(name=role)])
    client = Client()
    client.force_login(person)
    return client


SIZED = {"source": "sized", "nodes": "4", "users": "8000", "model": "balanced_redundant", "profile": "5000"}


def form(**values: Any) -> dict[str, Any]:
    """What the page posts: the power of node-1a fails and comes back."""
    plain = {
        "change": "run",
        **SIZED,
        "begin": "as_is",
        "entry": "",
        "until": "60m",
        "seed": "1",
        "at": ["1m", "20m", "30m"],
        "node": ["node-1a"] * 3,
        "do": ["fault", "repair", "fallback"],
        "what": ["power"] * 3,
    }
    return in_lines(plain | values)


def in_lines(values: dict[str, Any]) -> dict[str, Any]:
    """The same with each line of the timeline under its own number, as the formset of the page sends them."""
    columns = {name: values.pop(name) for name in ("at", "node", "do", "what")}
    count = min(map(len, columns.values()))
    lines = {f"line-{i}-{name}": column[i] for name, column in columns.items() for i in range(count)}
    return values | lines | {"line-TOTAL_FORMS": count, "line-INITIAL_FORMS": count}


def post(client: Client, cluster: Cluster, **values: Any) -> Any:
    return client.post(f"/clusters/{cluster.name}/what-if/", form(**values))


def columns(form: Any) -> dict[str, list[str]]:
    """The lines of a form as `form` takes them."""
    return {name: [row[name] for row in form.rows] for name in ("at", "node", "do", "what")}


def play(cluster: Cluster, seconds: int) -> None:
    """Let the live engine work from now on for so many seconds of a driven clock; the cluster's time goes on so far."""
    start = cluster.clock_real
    for passed in range(0, seconds + 1, 10):
        for sub in Subcluster.objects.filter(cluster=cluster):
            service.step(sub.pk, start + timedelta(seconds=passed))
    ahead = cluster.clock_cluster + timedelta(seconds=seconds)
    Cluster.objects.filter(pk=cluster.pk).update(clock_real=timezone.now(), clock_cluster=ahead)
    cluster.refresh_from_db()
