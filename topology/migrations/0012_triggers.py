"""A new user ID goes to the order of the lists; assignments 0014 takes the trigger away that did so until now."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('topology', '0011_write_probe'),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name='enduser',
            trigger=pgtrigger.compiler.Trigger(name='list_renamed', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."user_id" IS DISTINCT FROM (NEW."user_id"))', func='UPDATE assignments_listing SET key = lower(NEW.user_id) WHERE user_id = NEW.id; RETURN NULL;', hash='0b04a6fe2fe919f4f20d974ef197a9df1d8d9d13', operation='UPDATE OF "user_id"', pgid='pgtrigger_list_renamed_0a524', table='topology_enduser', when='AFTER')),
        ),
    ]
