"""An approval is for one run: those of plans that ran already are used."""

from django.db import migrations, models

USED = """
    UPDATE assignments_approval approval SET used_at = ran.at FROM (
        SELECT plan_id, min(created_at) AS at FROM assignments_operation WHERE plan_id IS NOT NULL GROUP BY plan_id
    ) ran WHERE ran.plan_id = approval.plan_id
"""


class Migration(migrations.Migration):
    dependencies = [("assignments", "0030_worst_minutes")]

    operations = [
        migrations.AddField(
            model_name="approval",
            name="used_at",
            field=models.DateTimeField(help_text="When the run began that it was for", null=True),
        ),
        migrations.RunSQL(USED, migrations.RunSQL.noop),
    ]
