"""Rules that Django cannot spell: one cluster for a node and its subcluster, and the three roles."""

from django.db import migrations


def make_roles(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    for name in ("viewer", "operator", "administrator"):
        Group.objects.get_or_create(name=name)


class Migration(migrations.Migration):
    dependencies = [("topology", "0001_initial"), ("auth", "0012_alter_user_first_name_max_length")]

    operations = [
        migrations.RunSQL(
            """
            ALTER TABLE topology_node ADD CONSTRAINT node_subcluster_same_cluster
                FOREIGN KEY (cluster_id, subcluster_id) REFERENCES topology_subcluster (cluster_id, id)
                DEFERRABLE INITIALLY IMMEDIATE;
            """,
            "ALTER TABLE topology_node DROP CONSTRAINT node_subcluster_same_cluster;",
        ),
        migrations.RunPython(make_roles, migrations.RunPython.noop),
    ]
