"""What a directory gave, beside what is stored: one temporary table, and the statements that compare.

    staged -> match by key -> match by user ID -> what cannot be taken -> who is new, changed, gone, back -> write

The table is the transaction's own and goes with it. No statement is repeated per person. What a run would do is read
from it by outcome.py, and done by writing.py.
"""

from __future__ import annotations

from assignments.directory import staging
from assignments.directory.statements import execute_sql
from topology import reasons

CREATE = """
    DROP TABLE IF EXISTS pg_temp.read;
    CREATE TEMPORARY TABLE read (
        n integer GENERATED ALWAYS AS IDENTITY, dn text, key text, user_id text, name text, mail text,
        directory_uri text, department text, endpoints text[], skip text, facts jsonb,
        folded text COLLATE "C" GENERATED ALWAYS AS (fold_user_id(user_id)) STORED,
        known bigint,                          -- the user, when there is one
        is_back boolean NOT NULL DEFAULT false,   -- set aside until now
        is_linked boolean NOT NULL DEFAULT false, -- under this key already
        is_new boolean NOT NULL DEFAULT false,
        old_id text,                           -- the user ID so far, where it is another one
        before jsonb,                          -- the changed fields with their values so far
        loses text[] NOT NULL DEFAULT '{}'     -- the fields among them that have no value now
    ) ON COMMIT DROP
"""
FIELDS = {
    "user_id": "read.user_id",
    "name": "coalesce(read.name, person.name)",
    "mail": "coalesce(read.mail, person.mail)",
    "directory_uri": "coalesce(read.directory_uri, person.directory_uri)",
    "department": "coalesce(read.department, person.department)",
    "endpoints": "coalesce(read.endpoints, person.endpoints::text[])",
}


def fill(table: str) -> None:
    """A copy of what was staged, to be compared."""
    execute_sql(CREATE)
    execute_sql(f"INSERT INTO read ({staging.COLUMNS}) SELECT {staging.COLUMNS} FROM {table} ORDER BY n")
    # What moved between two pages while they were read comes twice; the later one counts.
    execute_sql("DELETE FROM read USING read later WHERE read.key = later.key AND read.n < later.n AND read.key <> ''")
    # A part that another server has is named with each page by some directories.
    execute_sql(f"""
        DELETE FROM read USING read later
        WHERE read.dn = later.dn AND read.n < later.n
            AND read.skip = '{ELSEWHERE}' AND later.skip = '{ELSEWHERE}'
    """)
    execute_sql("ANALYZE read")
    # As in an import: a nested loop chosen for "one row" takes minutes for 30,000. Those who are known may be many
    # where a directory names few: all others are gone.
    execute_sql("""
        SELECT set_config('enable_nestloop', 'off', true)
        FROM (SELECT FROM read UNION ALL SELECT FROM assignments_directoryperson LIMIT 1001) AS touched
        HAVING count(*) > 1000
    """)


ELSEWHERE = reasons.DIRECTORY_ELSEWHERE.code
# Of another agreement, whose directory has the person no more, and at home in no other cluster.
LET_GO = "link.agreement_id <> %s AND link.gone_at IS NOT NULL AND coalesce(place.cluster_id = %s, true)"


# --- Who is who -------------------------------------------------------------------------------------------------------
def match(agreement: int, cluster: int) -> None:
    """Find the user of each entry: by the key, else by the user ID. Call it under the lock of imports."""
    execute_sql(
        """
        UPDATE read SET known = person.user_id, is_back = person.gone_at IS NOT NULL, is_linked = true
        FROM assignments_directoryperson person WHERE person.agreement_id = %s AND person.key = read.key
        """,
        agreement,
    )
    # Set aside by another cluster's directory: who moved to a branch that is read for this cluster.
    execute_sql(
        f"""
        UPDATE read SET known = link.user_id, is_back = true
        FROM assignments_directoryperson link LEFT JOIN assignments_assignment place ON place.user_id = link.user_id
        WHERE link.key = read.key AND read.known IS NULL AND read.skip IS NULL AND {LET_GO}
        """,
        agreement,
        cluster,
    )
    # Who has an entry is not gone, even when the account may not read the key any more.
    execute_sql(
        f"""
        UPDATE read SET known = person.id
        FROM assignments_directoryperson link JOIN topology_enduser person ON person.id = link.user_id
        WHERE link.agreement_id = %s AND person.folded = read.folded AND read.skip = '{reasons.DIRECTORY_NO_KEY.code}'
        """,
        agreement,
    )
    _skip_doubled()
    execute_sql(
        f"""
        UPDATE read SET known = person.id, is_back = link.gone_at IS NOT NULL
        FROM topology_enduser person
            LEFT JOIN assignments_directoryperson link ON link.user_id = person.id
            LEFT JOIN assignments_assignment place ON place.user_id = person.id
            LEFT JOIN read other ON other.key = link.key  -- a NOT EXISTS behind OR would be asked for each person
        WHERE read.known IS NULL AND read.skip IS NULL AND person.folded = read.folded
            AND (link.user_id IS NULL AND place.cluster_id = %s
                OR (link.agreement_id = %s OR {LET_GO}) AND other.key IS NULL)
        """,
        cluster,
        agreement,
        agreement,
        cluster,
    )
    execute_sql("""
        UPDATE read SET is_back = false, is_linked = false FROM assignments_assignment place
        WHERE is_back AND place.user_id = known
    """)
    while _skip_taken(cluster):
        pass  # a person who keeps an ID after all keeps it from the next one


def _skip_doubled() -> None:
    execute_sql(
        f"""
        UPDATE read SET skip = '{reasons.DIRECTORY_ID_TWICE.code}',
            facts = jsonb_build_object('user_id', read.user_id, 'other', twin.first)
        FROM (
            SELECT n, row_number() OVER entries AS place, first_value(dn) OVER entries AS first
            FROM read WHERE skip IS NULL WINDOW entries AS (PARTITION BY folded ORDER BY known IS NULL, n)
        ) AS twin
        WHERE twin.n = read.n AND twin.place > 1
        """
    )


def _skip_taken(into: int) -> int:
    """Entries whose user ID another user has and keeps."""
    return execute_sql(
        f"""
        UPDATE read SET
            skip = CASE WHEN place.cluster_id <> %s THEN '{reasons.DIRECTORY_ID_ELSEWHERE.code}'
                ELSE '{reasons.DIRECTORY_ID_TAKEN.code}' END,
            facts = jsonb_build_object('user_id', read.user_id, 'other', coalesce(cluster.name, 'those set aside'),
                'cluster', (SELECT name FROM topology_cluster WHERE id = %s))
        FROM topology_enduser owner
            LEFT JOIN assignments_assignment place ON place.user_id = owner.id
            LEFT JOIN topology_cluster cluster ON cluster.id = place.cluster_id
            LEFT JOIN read renamed ON renamed.known = owner.id AND renamed.skip IS NULL
        WHERE read.skip IS NULL AND owner.folded = read.folded AND owner.id IS DISTINCT FROM read.known
            AND (renamed.n IS NULL OR renamed.folded = owner.folded)
        """,
        into,
        into,
    )


def compare() -> None:
    """Note on each entry whether it is new, and what differs from what is stored."""
    differs = {name: f"{value} IS DISTINCT FROM {_stored(name)}" for name, value in FIELDS.items()}
    before = ", ".join(f"'{name}', CASE WHEN {sql} THEN to_jsonb({_stored(name)}) END" for name, sql in differs.items())
    lost = ", ".join(
        f"CASE WHEN NOT {has_value(f'read.{name}')} AND {sql} THEN '{name}' END" for name, sql in differs.items()
    )
    execute_sql("UPDATE read SET is_new = true WHERE known IS NULL AND skip IS NULL")
    execute_sql(f"""
        UPDATE read SET before = jsonb_strip_nulls(jsonb_build_object({before})),
            old_id = CASE WHEN person.folded <> read.folded THEN person.user_id END,
            loses = array_remove(ARRAY[{lost}], NULL)
        FROM topology_enduser person
        WHERE person.id = read.known AND read.skip IS NULL
            AND (NOT is_linked OR is_back OR {" OR ".join(differs.values())})
    """)


def has_value(column: str) -> str:
    """SQL for whether a field of a person holds anything; null for one that no attribute is mapped to."""
    return f"(cardinality({column}) > 0)" if column.endswith("endpoints") else f"({column} <> '')"


def _stored(name: str) -> str:
    return "person.endpoints::text[]" if name == "endpoints" else f"person.{name}"
