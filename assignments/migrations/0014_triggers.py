"""The triggers of Assignment are declared with the model, by django-pgtrigger; they do what they did."""

from importlib import import_module

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


# The same triggers, until now written by hand in 0002 and 0013. Nothing is written in between: one transaction.
counts, lists = (import_module(f"assignments.migrations.{name}") for name in ("0002_rules", "0013_listing"))
DROP_COUNTS = "".join(
    f"DROP TRIGGER assignments_counted_{name} ON assignments_assignment; DROP FUNCTION assignments_counted_{name}();"
    for name in ("insert", "delete", "update")
)
COUNT_AGAIN = counts.FORWARD.removeprefix(counts.KEYS)
LIST_AGAIN = "DELETE FROM assignments_listing;" + lists.FORWARD


class Migration(migrations.Migration):

    dependencies = [
        ('assignments', '0013_listing'),
        ('topology', '0012_triggers'),
    ]

    operations = [
        migrations.RunSQL(DROP_COUNTS, COUNT_AGAIN),
        migrations.RunSQL(lists.BACKWARD, LIST_AGAIN),
        pgtrigger.migrations.AddTrigger(
            model_name='assignment',
            trigger=pgtrigger.compiler.Trigger(name='counted_insert', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE delta record;', func='\nFOR delta IN\n    SELECT cluster_id, home_node_id, serving_node_id, sum(n)::bigint AS users,\n           sum(CASE WHEN signed_in THEN n ELSE 0 END)::bigint AS signed_in, sum(n * endpoints)::bigint AS endpoints\n    FROM (SELECT cluster_id, home_node_id, serving_node_id, signed_in, endpoints, 1 AS n FROM added) AS change\n    GROUP BY cluster_id, home_node_id, serving_node_id\n    HAVING sum(n) <> 0 OR sum(CASE WHEN signed_in THEN n ELSE 0 END) <> 0 OR sum(n * endpoints) <> 0\n    ORDER BY cluster_id, home_node_id NULLS FIRST, serving_node_id NULLS FIRST\nLOOP\n    INSERT INTO assignments_population (cluster_id, home_node_id, serving_node_id, users, signed_in, endpoints)\n        VALUES (delta.cluster_id, delta.home_node_id, delta.serving_node_id, 0, 0, 0)\n        ON CONFLICT (cluster_id, home_node_id, serving_node_id) DO NOTHING;\n    UPDATE assignments_population\n        SET users = users + delta.users, signed_in = signed_in + delta.signed_in,\n            endpoints = endpoints + delta.endpoints\n        WHERE cluster_id = delta.cluster_id\n            AND home_node_id IS NOT DISTINCT FROM delta.home_node_id\n            AND serving_node_id IS NOT DISTINCT FROM delta.serving_node_id;\nEND LOOP;\nRETURN NULL;\n', hash='96a0b95171fba75620eabbae5df7560332a1af3d', level='STATEMENT', operation='INSERT', pgid='pgtrigger_counted_insert_fab17', referencing='REFERENCING NEW TABLE AS added ', table='assignments_assignment', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='assignment',
            trigger=pgtrigger.compiler.Trigger(name='counted_delete', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE delta record;', func='\nFOR delta IN\n    SELECT cluster_id, home_node_id, serving_node_id, sum(n)::bigint AS users,\n           sum(CASE WHEN signed_in THEN n ELSE 0 END)::bigint AS signed_in, sum(n * endpoints)::bigint AS endpoints\n    FROM (SELECT cluster_id, home_node_id, serving_node_id, signed_in, endpoints, -1 AS n FROM removed) AS change\n    GROUP BY cluster_id, home_node_id, serving_node_id\n    HAVING sum(n) <> 0 OR sum(CASE WHEN signed_in THEN n ELSE 0 END) <> 0 OR sum(n * endpoints) <> 0\n    ORDER BY cluster_id, home_node_id NULLS FIRST, serving_node_id NULLS FIRST\nLOOP\n    INSERT INTO assignments_population (cluster_id, home_node_id, serving_node_id, users, signed_in, endpoints)\n        VALUES (delta.cluster_id, delta.home_node_id, delta.serving_node_id, 0, 0, 0)\n        ON CONFLICT (cluster_id, home_node_id, serving_node_id) DO NOTHING;\n    UPDATE assignments_population\n        SET users = users + delta.users, signed_in = signed_in + delta.signed_in,\n            endpoints = endpoints + delta.endpoints\n        WHERE cluster_id = delta.cluster_id\n            AND home_node_id IS NOT DISTINCT FROM delta.home_node_id\n            AND serving_node_id IS NOT DISTINCT FROM delta.serving_node_id;\nEND LOOP;\nRETURN NULL;\n', hash='808a322cdfc643fa4b0401999ae8ec3a1d37e926', level='STATEMENT', operation='DELETE', pgid='pgtrigger_counted_delete_5da4b', referencing='REFERENCING OLD TABLE AS removed ', table='assignments_assignment', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='assignment',
            trigger=pgtrigger.compiler.Trigger(name='counted_update', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE delta record;', func='\nFOR delta IN\n    SELECT cluster_id, home_node_id, serving_node_id, sum(n)::bigint AS users,\n           sum(CASE WHEN signed_in THEN n ELSE 0 END)::bigint AS signed_in, sum(n * endpoints)::bigint AS endpoints\n    FROM (SELECT cluster_id, home_node_id, serving_node_id, signed_in, endpoints, 1 AS n FROM added UNION ALL SELECT cluster_id, home_node_id, serving_node_id, signed_in, endpoints, -1 AS n FROM removed) AS change\n    GROUP BY cluster_id, home_node_id, serving_node_id\n    HAVING sum(n) <> 0 OR sum(CASE WHEN signed_in THEN n ELSE 0 END) <> 0 OR sum(n * endpoints) <> 0\n    ORDER BY cluster_id, home_node_id NULLS FIRST, serving_node_id NULLS FIRST\nLOOP\n    INSERT INTO assignments_population (cluster_id, home_node_id, serving_node_id, users, signed_in, endpoints)\n        VALUES (delta.cluster_id, delta.home_node_id, delta.serving_node_id, 0, 0, 0)\n        ON CONFLICT (cluster_id, home_node_id, serving_node_id) DO NOTHING;\n    UPDATE assignments_population\n        SET users = users + delta.users, signed_in = signed_in + delta.signed_in,\n            endpoints = endpoints + delta.endpoints\n        WHERE cluster_id = delta.cluster_id\n            AND home_node_id IS NOT DISTINCT FROM delta.home_node_id\n            AND serving_node_id IS NOT DISTINCT FROM delta.serving_node_id;\nEND LOOP;\nRETURN NULL;\n', hash='10fc6acaaf3bdb9db0d50328e7e3f0c5c3e06485', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_counted_update_97e63', referencing='REFERENCING OLD TABLE AS removed  NEW TABLE AS added ', table='assignments_assignment', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='assignment',
            trigger=pgtrigger.compiler.Trigger(name='list_added', sql=pgtrigger.compiler.UpsertTriggerSql(func='\nINSERT INTO assignments_listing (user_id, cluster_id, key)\n    SELECT a.user_id, a.cluster_id, lower(u.user_id) FROM added a JOIN topology_enduser u ON u.id = a.user_id;\nRETURN NULL;\n', hash='c63c89865a1e82dfed5672fdf0299e4db1a93e44', level='STATEMENT', operation='INSERT', pgid='pgtrigger_list_added_3b944', referencing='REFERENCING NEW TABLE AS added ', table='assignments_assignment', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='assignment',
            trigger=pgtrigger.compiler.Trigger(name='list_removed', sql=pgtrigger.compiler.UpsertTriggerSql(func='DELETE FROM assignments_listing l USING removed r WHERE l.user_id = r.user_id; RETURN NULL;', hash='6b16bddf999c03de80cb81e0a3019b4237dce4f5', level='STATEMENT', operation='DELETE', pgid='pgtrigger_list_removed_633e2', referencing='REFERENCING OLD TABLE AS removed ', table='assignments_assignment', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='assignment',
            trigger=pgtrigger.compiler.Trigger(name='list_changed', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."cluster_id" IS DISTINCT FROM (NEW."cluster_id"))', func='UPDATE assignments_listing SET cluster_id = NEW.cluster_id WHERE user_id = NEW.user_id; RETURN NULL;', hash='a9982e0fb2dbf8d8f9094f1a60f345ff106b75a4', operation='UPDATE OF "cluster_id"', pgid='pgtrigger_list_changed_0f2e5', table='assignments_assignment', when='AFTER')),
        ),
    ]
