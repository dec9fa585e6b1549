"""A label of a node name has 1 to 63 characters; a name from before this rule stays."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('topology', '0012_triggers'),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name='node',
            trigger=pgtrigger.compiler.Trigger(name='node_label_form', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW."name" !~ \'^[^.]{1,63}([.][^.]{1,63})*$\')', func="\nIF TG_OP = 'INSERT' OR NEW.name IS DISTINCT FROM OLD.name THEN\n    RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'node_label_form',\n        MESSAGE = 'node_label_form: 1 to 63 characters stand between the dots of a node name, not so in ' || NEW.name;\nEND IF;\nRETURN NEW;\n", hash='93f17882c89b8b528b1556996dcc58d6a16dada5', operation='INSERT OR UPDATE OF "name"', pgid='pgtrigger_node_label_form_9f686', table='topology_node', when='BEFORE')),
        ),
    ]
