"""Traces keep the key of a node that is removed; nothing changes in the database."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("assignments", "0031_one_approval_one_run")]

    operations = [
        migrations.AlterField(
            model_name="move",
            name=name,
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="topology.node",
            ),
        )
        for name in ("from_node", "to_node")
    ]
