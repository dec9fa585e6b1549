from django.db import migrations


class Migration(migrations.Migration):
    """The table of Django's database cache, in which failed sign-ins are counted."""

    dependencies = [("topology", "0007_list_filters")]

    operations = [
        migrations.RunSQL(
            """
            CREATE TABLE IF NOT EXISTS topology_cache (
                cache_key varchar(255) PRIMARY KEY, value text NOT NULL, expires timestamp with time zone NOT NULL
            );
            CREATE INDEX IF NOT EXISTS topology_cache_expires ON topology_cache (expires);
            """,
            "DROP TABLE IF EXISTS topology_cache;",
        )
    ]
