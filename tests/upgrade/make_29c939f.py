"""Makes 29c939f.sql: a database as version 29c939f left it, with a run in flight and a failover in progress.

It runs in a checkout of that version, with its code and its requirements, not with today's:

    git archive 29c939f | tar x -C DIRECTORY; cd DIRECTORY
    export HOMENODE_LOCAL=1 HOMENODE_DATA=DATA; python manage.py migrate
    python manage.py shell -c "exec(open('…/make_29c939f.py').read())" > …/29c939f.sql
"""

import subprocess
from datetime import timedelta

import time_machine
from assignments.models import Goal, Operation
from assignments.services import approvals, batches, operations, pins, plans, recovery, saved_views
from config.embedded import find_postgres
from django.contrib.auth.models import Group, User
from django.db import connection
from django.utils import timezone
from tests.support.worlds import make_acme, node
from topology.models import Subcluster


begun = now = timezone.now().replace(microsecond=0) - timedelta(hours=1)
with time_machine.travel(now, tick=False):
    anna, bert = (User.objects.create_user(name, password="not in use") for name in ("anna", "bert"))
    for person in (anna, bert):
        person.groups.add(Group.objects.get(name="administrator"))
    acme = make_acme(imp1a=60, imp1b=40, imp2a=70, imp2b=2, imp3a=20, waiting=8)
    east = make_acme("east", imp1a=5, waiting=3)
    pins.pin(pins.named(acme, ["imp2a-0001", "imp2a-0002"]), "beside the phones of the hall", actor=anna)
    saved_views.save(anna, acme, "Hall", "q=imp2a")
    operations.move_users(east, list(east.assignments.filter(home_node=None).values_list("user", flat=True)[:1]),
                          node(east, "imp1a"), actor=bert)  # fmt: skip
    others = list(Subcluster.objects.filter(cluster=acme).exclude(name="sc-1").values_list("pk", flat=True))
    plan = plans.make_plan(acme, Goal.BALANCE, {"subclusters": others}, author=anna)
    approvals.approve(plan, actor=bert)
    run = operations.start(plan.hash, actor=anna, rate=0.1)
    pair = [Subcluster.objects.get(cluster=acme, name="sc-1").pk]
    yields = operations.start(plans.make_plan(acme, Goal.BALANCE, {"subclusters": pair}, author=bert).hash,
                              actor=bert, rate=0.02)  # fmt: skip


def tick() -> None:
    for pk in recovery.due(now):
        recovery.step(pk, now)
    for pk, generation in batches.due(now):
        batches.run(pk, generation, lambda: now)


def left(run: Operation) -> int:
    run.refresh_from_db()
    return run.total - run.done


for second in range(600):
    now = begun + timedelta(seconds=second)
    with time_machine.travel(now, tick=False):
        tick()
        if second == 5:
            recovery.inject(node(acme, "imp1a"), "power")
        failover = Operation.objects.filter(cluster=acme, kind="failover").first()
        if failover and failover.done >= 10 and failover.active:
            break
assert failover and failover.active and 0 < failover.done < failover.total, failover
assert 0 < left(run) < run.total and 0 < left(yields) < yields.total, (left(run), left(yields))
settings = connection.settings_dict
connection.close()
print("-- Made by make_29c939f.py beside it; never edited.")
dump = subprocess.run(
    [find_postgres().parent / "pg_dump", "--inserts", "--rows-per-insert=1000", "--no-owner", "--no-privileges",
     "-h", settings["HOST"], "-p", str(settings["PORT"]), "-U", settings["USER"], settings["NAME"]],
    env={"PGPASSWORD": settings["PASSWORD"]}, check=True, capture_output=True, text=True,
)  # fmt: skip
for line in dump.stdout.splitlines():
    if line and not line.startswith(("--", "\\", "SET ", "SELECT pg_catalog.set_config")):
        print(line)
