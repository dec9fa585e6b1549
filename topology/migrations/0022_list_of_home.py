"""Another user ID is another key of the place as well."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('topology', '0021_list_by_name'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='enduser',
            name='list_renamed',
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='enduser',
            trigger=pgtrigger.compiler.Trigger(name='list_renamed', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."user_id" IS DISTINCT FROM (NEW."user_id"))', func='\nUPDATE assignments_listing SET key = NEW.folded WHERE user_id = NEW.id;\nUPDATE assignments_assignment SET folded = NEW.folded WHERE user_id = NEW.id;\nRETURN NULL;\n', hash='baba265049d419c36b4fda4c168cb796b5577248', operation='UPDATE OF "user_id"', pgid='pgtrigger_list_renamed_0a524', table='topology_enduser', when='AFTER')),
        ),
    ]
