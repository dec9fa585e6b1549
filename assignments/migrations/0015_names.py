from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    """Claim and Lane become SubclusterLock and TargetProgress, with their tables, constraints and reverse names."""

    dependencies = [("assignments", "0014_triggers"), ("topology", "0012_triggers")]

    operations = [
        migrations.RenameModel("Claim", "SubclusterLock"),
        migrations.RenameModel("Lane", "TargetProgress"),
        migrations.AlterField(
            "subclusterlock",
            "operation",
            models.ForeignKey("assignments.operation", models.CASCADE, related_name="locks"),
        ),
        migrations.AlterField(
            "subclusterlock",
            "subcluster",
            models.ForeignKey("topology.subcluster", models.CASCADE, related_name="locks"),
        ),
        migrations.AlterField(
            "targetprogress",
            "operation",
            models.ForeignKey("assignments.operation", models.CASCADE, related_name="targets", db_index=False),
        ),
        migrations.RemoveConstraint("subclusterlock", "claim_once"),
        migrations.AddConstraint(
            "subclusterlock",
            models.UniqueConstraint(fields=("operation", "subcluster"), name="subcluster_lock_once"),
        ),
        migrations.RemoveConstraint("targetprogress", "lane_once"),
        migrations.AddConstraint(
            "targetprogress",
            models.UniqueConstraint(fields=("operation", "node"), name="target_progress_once", nulls_distinct=False),
        ),
        migrations.RemoveConstraint("targetprogress", "lane_counts"),
        migrations.AddConstraint(
            "targetprogress",
            models.CheckConstraint(condition=Q(total__gte=F("done") + F("skipped")), name="target_progress_counts"),
        ),
    ]
