"""An undo keeps the key of what it took back when that is removed; those that lost it get it from plan or history."""

import django.db.models.deletion
from django.db import migrations, models

OF_RUNS = """
    UPDATE assignments_operation undo SET undo_of_id = (plan.scope->>'operation')::bigint
    FROM assignments_plan plan WHERE plan.id = undo.plan_id AND plan.goal = 'undo' AND undo.undo_of_id IS NULL
"""
OF_USERS = """
    UPDATE assignments_operation undo SET undo_of_id = (event.facts->>'undone')::bigint
    FROM topology_event event WHERE event.operation_id = undo.id AND event.code = 'USERS_UNDONE'
        AND undo.undo_of_id IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [("assignments", "0032_removed_nodes_in_traces"), ("topology", "0022_list_of_home")]

    operations = [
        migrations.AlterField(
            model_name="operation",
            name="undo_of",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="undone_by",
                to="assignments.operation",
            ),
        ),
        migrations.RunSQL(OF_RUNS, migrations.RunSQL.noop),
        migrations.RunSQL(OF_USERS, migrations.RunSQL.noop),
    ]
