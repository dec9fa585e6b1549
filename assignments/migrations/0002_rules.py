"""Rules that Django cannot spell: homes stay in their cluster, and the database itself counts populations.

The trigger works on whole statements (transition tables), so that a batch of a thousand moves touches each
population once. It locks the rows it changes in a fixed order, so that two batches never deadlock.
"""

from django.db import migrations

KEYS = """
    ALTER TABLE assignments_assignment
        ADD CONSTRAINT home_in_cluster FOREIGN KEY (cluster_id, home_node_id)
            REFERENCES topology_node (cluster_id, id),
        ADD CONSTRAINT serving_in_cluster FOREIGN KEY (cluster_id, serving_node_id)
            REFERENCES topology_node (cluster_id, id);
"""


def counting(name: str, event: str, tables: str, source: str) -> str:
    """A function and its statement trigger that add the change of `source` to the populations."""
    return f"""
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    delta record;
BEGIN
    FOR delta IN
        SELECT cluster_id, home_node_id, serving_node_id, sum(n)::bigint AS users,
               sum(CASE WHEN signed_in THEN n ELSE 0 END)::bigint AS signed_in, sum(n * endpoints)::bigint AS endpoints
        FROM ({source}) AS change
        GROUP BY cluster_id, home_node_id, serving_node_id
        HAVING sum(n) <> 0 OR sum(CASE WHEN signed_in THEN n ELSE 0 END) <> 0 OR sum(n * endpoints) <> 0
        ORDER BY cluster_id, home_node_id NULLS FIRST, serving_node_id NULLS FIRST
    LOOP
        INSERT INTO assignments_population (cluster_id, home_node_id, serving_node_id, users, signed_in, endpoints)
            VALUES (delta.cluster_id, delta.home_node_id, delta.serving_node_id, 0, 0, 0)
            ON CONFLICT (cluster_id, home_node_id, serving_node_id) DO NOTHING;
        UPDATE assignments_population
            SET users = users + delta.users, signed_in = signed_in + delta.signed_in,
                endpoints = endpoints + delta.endpoints
            WHERE cluster_id = delta.cluster_id
                AND home_node_id IS NOT DISTINCT FROM delta.home_node_id
                AND serving_node_id IS NOT DISTINCT FROM delta.serving_node_id;
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER {name} AFTER {event} ON assignments_assignment
    REFERENCING {tables} FOR EACH STATEMENT EXECUTE FUNCTION {name}();
"""


ROW = "cluster_id, home_node_id, serving_node_id, signed_in, endpoints"
ADDED = f"SELECT {ROW}, 1 AS n FROM added"
REMOVED = f"SELECT {ROW}, -1 AS n FROM removed"

FORWARD = (
    KEYS
    + counting("assignments_counted_insert", "INSERT", "NEW TABLE AS added", ADDED)
    + counting("assignments_counted_delete", "DELETE", "OLD TABLE AS removed", REMOVED)
    + counting(
        "assignments_counted_update",
        "UPDATE",
        "OLD TABLE AS removed NEW TABLE AS added",
        f"{ADDED} UNION ALL {REMOVED}",
    )
)

BACKWARD = """
DROP TRIGGER assignments_counted_insert ON assignments_assignment;
DROP TRIGGER assignments_counted_delete ON assignments_assignment;
DROP TRIGGER assignments_counted_update ON assignments_assignment;
DROP FUNCTION assignments_counted_insert();
DROP FUNCTION assignments_counted_delete();
DROP FUNCTION assignments_counted_update();
ALTER TABLE assignments_assignment DROP CONSTRAINT home_in_cluster, DROP CONSTRAINT serving_in_cluster;
"""


class Migration(migrations.Migration):
    dependencies = [("assignments", "0001_initial"), ("topology", "0002_rules")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
