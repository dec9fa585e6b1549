"""Lists are in the order of the folded user ID."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('assignments', '0015_names'),
        ('topology', '0014_folding'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='assignment',
            name='list_added',
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='assignment',
            trigger=pgtrigger.compiler.Trigger(name='list_added', sql=pgtrigger.compiler.UpsertTriggerSql(func='\nINSERT INTO assignments_listing (user_id, cluster_id, key)\n    SELECT a.user_id, a.cluster_id, u.folded FROM added a JOIN topology_enduser u ON u.id = a.user_id;\nRETURN NULL;\n', hash='8714dfd4bfc22b9777fd61af4063f8a01af303a6', level='STATEMENT', operation='INSERT', pgid='pgtrigger_list_added_3b944', referencing='REFERENCING NEW TABLE AS added ', table='assignments_assignment', when='AFTER')),
        ),
        migrations.RunSQL(
            "UPDATE assignments_listing listing SET key = person.folded FROM topology_enduser person"
            " WHERE person.id = listing.user_id AND listing.key <> person.folded",
            migrations.RunSQL.noop,
        ),
    ]
