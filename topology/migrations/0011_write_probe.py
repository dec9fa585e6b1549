from django.db import migrations


class Migration(migrations.Migration):
    """A table that is only written to see whether the database takes writes (topology/live/probe.py)."""

    dependencies = [("topology", "0010_accounts")]

    operations = [
        migrations.RunSQL(
            """
            CREATE UNLOGGED TABLE IF NOT EXISTS topology_write_probe (filler text NOT NULL);
            ALTER TABLE topology_write_probe ALTER COLUMN filler SET STORAGE PLAIN;
            """,
            "DROP TABLE IF EXISTS topology_write_probe;",
        )
    ]
