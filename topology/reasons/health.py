"""Reasons: the console itself, its worker, beat, Redis and database."""

from topology.reasons.reason import ALARM, add_reason

NO_WORKER = add_reason(
    "NO_WORKER",
    "No worker is running: failovers, runs and the balancer are stopped. Reading and moves of up to 50 users work.",
    "Start the worker: celery -A config worker, or manage.py up.",
    ALARM,
)
NO_BEAT = add_reason(
    "NO_BEAT",
    "No beat is running: failovers, runs and the balancer are stopped. Reading and moves of up to 50 users work.",
    "Start the beat: celery -A config beat, or manage.py up.",
    ALARM,
)
TICK_LATE = add_reason(
    "TICK_LATE",
    "The worker is behind: failovers, runs and the balancer wait. Reading and moves of up to 50 users work.",
    "Start another worker, or wait until this one has caught up. Its log says what takes long.",
    ALARM,
)
WORKER_CLOCK_OFF = add_reason(
    "WORKER_CLOCK_OFF",
    "The clock of a worker is off from the database's, so that it does nothing: failovers and runs wait, or are left to"
    " the other workers.",
    "Set the clock of its machine, by NTP. The worker then continues by itself.",
    ALARM,
)
WEB_CLOCK_OFF = add_reason(
    "WEB_CLOCK_OFF",
    "The clock of a web process is off from the database's, so that nothing can be changed through it. Reading works.",
    "Set the clock of its machine, by NTP. The web process then takes changes again by itself.",
    ALARM,
    status=503,
)
REDIS_AWAY = add_reason(
    "REDIS_AWAY",
    "Redis does not answer: pages are not live, failovers and runs are stopped. Reading and small moves work.",
    "Start Redis, or check REDIS_URL. Everything then continues by itself.",
    ALARM,
    status=503,
)
CHANGED_MEANWHILE = add_reason(
    "CHANGED_MEANWHILE",
    "Another change at the same moment concerned the same thing, so nothing was done.",
    "Look at what is there now, then do it again if it is still needed.",
)
DATABASE_AWAY = add_reason(
    "DATABASE_AWAY",
    "The database does not answer: nothing works.",
    "Start PostgreSQL, or check DATABASE_URL. Everything then continues by itself.",
    ALARM,
    status=503,
)
DATABASE_READ_ONLY = add_reason(
    "DATABASE_READ_ONLY",
    "The database is read-only: nothing can be changed. Reading works.",
    "Promote it, or point DATABASE_URL to the primary.",
    ALARM,
    status=503,
)
DISK_FULL = add_reason(
    "DISK_FULL",
    "The disk of the database is full: changes fail, and a failed one changes nothing. Reading works.",
    "Free space on the disk of the database. Everything then continues by itself.",
    ALARM,
    status=503,
)
DATABASE_REFUSES = add_reason(
    "DATABASE_REFUSES",
    "The database refuses changes. Reading works.",
    "The logs of the worker and of the web server have the error.",
    ALARM,
    status=503,
)
SERVER_BUSY = add_reason(
    "SERVER_BUSY",
    "The console has more requests than it can carry now: this one was not begun, and nothing was changed.",
    "Try again in a moment. If it lasts, start a second web process, or raise DATABASE_POOL.",
    status=503,
)
SCHEMA_OLD = add_reason(
    "SCHEMA_OLD",
    "The database is that of an older version: {missing:migration is|migrations are} missing, the first is {first}.",
    "Make a backup, then run manage.py migrate; manage.py up does it too.",
    status=503,
)
SCHEMA_NEW = add_reason(
    "SCHEMA_NEW",
    "The database is that of a newer version: {unknown:migration is|migrations are} not known here, the first is"
    " {first}.",
    "Use the newer version, or restore the backup from before the upgrade: migrations do not go back.",
    status=503,
)
