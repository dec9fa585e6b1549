"""What the database itself does when an assignment is written: it counts Population and keeps the order in Listing.

    INSERT | UPDATE | DELETE of any number of rows -> one statement trigger -> each population once, in a fixed order
    INSERT | DELETE                                -> one statement trigger -> rows of Listing
    another cluster, another user ID               -> a row trigger         -> that row of Listing
    INSERT of a row without its key                -> a row trigger         -> the key of its person

Statement triggers read transition tables, so a batch of a thousand moves touches each population once; the fixed order
keeps two batches from a deadlock. No path can forget them, and nothing else writes those two tables.
"""

import pgtrigger

ROW = "cluster_id, home_node_id, serving_node_id, signed_in, endpoints"
ADDED = f"SELECT {ROW}, 1 AS n FROM added"
REMOVED = f"SELECT {ROW}, -1 AS n FROM removed"

COUNT = """
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
"""


def _counting(operation: pgtrigger.Operation, source: str, **tables: str) -> pgtrigger.Trigger:
    """Add the change of `source` to the populations."""
    return pgtrigger.Trigger(
        name=f"counted_{str(operation).lower()}",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=pgtrigger.Referencing(**tables),
        declare=[("delta", "record")],
        func=COUNT.format(source=source),
    )


COUNTS = [
    _counting(pgtrigger.Insert, ADDED, new="added"),
    _counting(pgtrigger.Delete, REMOVED, old="removed"),
    _counting(pgtrigger.Update, f"{ADDED} UNION ALL {REMOVED}", old="removed", new="added"),
]
FOLDED = pgtrigger.Trigger(  # who writes many rows gives it: a look-up for each costs a quarter of the INSERT
    name="folded",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    condition=pgtrigger.Q(new__folded=""),
    func="NEW.folded := coalesce((SELECT folded FROM topology_enduser WHERE id = NEW.user_id), ''); RETURN NEW;",
)
LISTS = [
    pgtrigger.Trigger(
        name="list_added",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="added"),
        func="""
INSERT INTO assignments_listing (user_id, cluster_id, key) SELECT user_id, cluster_id, folded FROM added;
RETURN NULL;
""",
    ),
    pgtrigger.Trigger(
        name="list_removed",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Delete,
        referencing=pgtrigger.Referencing(old="removed"),
        func="DELETE FROM assignments_listing l USING removed r WHERE l.user_id = r.user_id; RETURN NULL;",
    ),
    pgtrigger.Trigger(
        name="list_changed",
        when=pgtrigger.After,
        operation=pgtrigger.UpdateOf("cluster_id"),
        condition=pgtrigger.AnyChange("cluster"),
        func="UPDATE assignments_listing SET cluster_id = NEW.cluster_id WHERE user_id = NEW.user_id; RETURN NULL;",
    ),
]
RENAMES = pgtrigger.Trigger(  # of EndUser
    name="list_renamed",
    when=pgtrigger.After,
    operation=pgtrigger.UpdateOf("user_id"),
    condition=pgtrigger.AnyChange("user_id"),
    func="""
UPDATE assignments_listing SET key = NEW.folded WHERE user_id = NEW.id;
UPDATE assignments_assignment SET folded = NEW.folded WHERE user_id = NEW.id;
RETURN NULL;
""",
)
