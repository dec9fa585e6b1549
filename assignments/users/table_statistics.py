"""What PostgreSQL believes of the tables of users, made true where many rows come or go at once.

References are checked row by row when a transaction commits, by plans that rest on those beliefs: a table that was seen
empty has its people looked up by reading it, or an index whose first column is not the key, to the end for each.
Autovacuum would tell it better within a minute, which is too late for who writes thirty thousand rows now.
"""

from django.db import connection

MANY = 1000  # rows; fewer cost little by any plan
KNOWN = 10  # times as many rows as come or go: then a table was seen full, and its plans look up by the key
WAIT = "3s"  # for a vacuum at work, which gives way to who waits for a second
KEYS = {  # what is looked up by the key of a person
    "topology_enduser": "id",
    "assignments_assignment": "user_id",
    "assignments_listing": "user_id",
    "assignments_directorychange": "user_id",
    "assignments_pin": "user_id",
}
# The lock is held until the end: a vacuum that does not see what is written here cannot tell otherwise before. Who
# holds it for long, as an index that is built beside all work, is not waited for, and not stopped.
REFRESH = """
    DO $$ DECLARE
        waited text := current_setting('lock_timeout');
        sampled text := current_setting('default_statistics_target');
        looked_up record;
    BEGIN
        PERFORM set_config('lock_timeout', '{wait}', true), set_config('default_statistics_target', '10', true);
        FOR looked_up IN
            SELECT oid::regclass AS "table", key FROM (VALUES {keys}) AS keys (name, key)
            JOIN pg_class ON oid = name::regclass WHERE reltuples < {touched} * {known}::bigint AND {touched} >= {many}
        LOOP
            EXECUTE format('ANALYZE %s (%I)', looked_up."table", looked_up.key);
        END LOOP;
        PERFORM set_config('lock_timeout', waited, true), set_config('default_statistics_target', sampled, true);
    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN NULL;
    END $$
"""


def refresh(touched: int) -> None:
    """Let the database look at the tables again where that many rows of people matter beside what it knows.

    Call it behind the INSERT of those who come (or of rows that name them), and before the DELETE of those who go.
    """
    keys = ", ".join(f"('{table}', '{key}')" for table, key in KEYS.items())
    with connection.cursor() as cursor:
        cursor.execute(REFRESH.format(wait=WAIT, keys=keys, touched=int(touched), known=KNOWN, many=MANY))
