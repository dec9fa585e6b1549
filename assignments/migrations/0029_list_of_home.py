"""The user ID in the order of the lists stands with the place as well: an index has the users of a home in order."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('assignments', '0028_directory_run_stage'),
        ('topology', '0022_list_of_home'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='assignment',
            name='list_added',
        ),
        migrations.RemoveIndex(
            model_name='assignment',
            name='assignment_waiting',
        ),
        migrations.AddField(
            model_name='assignment',
            name='folded',
            field=models.TextField(db_collation='C', db_default='', default='', editable=False),
        ),
        migrations.RunSQL(
            "UPDATE assignments_assignment place SET folded = person.folded FROM topology_enduser person"
            " WHERE person.id = place.user_id",
            migrations.RunSQL.noop,
        ),
        migrations.AddIndex(
            model_name='assignment',
            index=models.Index(fields=['home_node', 'folded'], name='assignment_list'),
        ),
        migrations.AddIndex(
            model_name='assignment',
            index=models.Index(condition=models.Q(('home_node', None)), fields=['cluster', 'folded'], name='assignment_unassigned'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='assignment',
            trigger=pgtrigger.compiler.Trigger(name='folded', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW."folded" = \'\')', func="NEW.folded := coalesce((SELECT folded FROM topology_enduser WHERE id = NEW.user_id), ''); RETURN NEW;", hash='6b245ab756dd22a190b366b2792103a8ecfec3a4', operation='INSERT', pgid='pgtrigger_folded_e6902', table='assignments_assignment', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='assignment',
            trigger=pgtrigger.compiler.Trigger(name='list_added', sql=pgtrigger.compiler.UpsertTriggerSql(func='\nINSERT INTO assignments_listing (user_id, cluster_id, key) SELECT user_id, cluster_id, folded FROM added;\nRETURN NULL;\n', hash='0d3c3fcf76622dd2a6df45a9a78f851326b44729', level='STATEMENT', operation='INSERT', pgid='pgtrigger_list_added_3b944', referencing='REFERENCING NEW TABLE AS added ', table='assignments_assignment', when='AFTER')),
        ),
    ]
