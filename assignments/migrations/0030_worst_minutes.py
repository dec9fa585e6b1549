"""Samples keep who signed in and how fast the clock ran; of those of before both are worked out from what was kept."""

from django.db import migrations, models

FILL = """
    UPDATE assignments_loadsample sample SET sign_ins = found.came, speed = found.speed FROM (
        SELECT kept.id, cluster.clock_speed AS speed,
            coalesce(greatest(0, served - lag(served) OVER (PARTITION BY node_id, step ORDER BY at)), 0) AS came
        FROM assignments_loadsample kept JOIN topology_node node ON node.id = kept.node_id
        JOIN topology_cluster cluster ON cluster.id = node.cluster_id
    ) found WHERE found.id = sample.id
"""


class Migration(migrations.Migration):
    dependencies = [("assignments", "0029_list_of_home")]

    operations = [
        migrations.AddField(
            model_name="loadsample",
            name="sign_ins",
            field=models.PositiveIntegerField(default=0, help_text="Users who signed in here within the step"),
        ),
        migrations.AddField(
            model_name="loadsample",
            name="speed",
            field=models.PositiveSmallIntegerField(
                default=1, help_text="Cluster seconds per real second, on average"
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
