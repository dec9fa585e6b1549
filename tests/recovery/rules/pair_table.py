"""The product's table of pairs of states (domain.md §4.4): which rows a pair of nodes shows."""

from collections.abc import Mapping
from typing import Any

N, UNSET = "normal", None
ADMIN, INIT, SERVICE, DATABASE = "on_admin_request", "initialization", "critical_service_down", "database_failure"
BACKUP, IDLE, OVER, CSNR = (
    "running_in_backup_mode",
    "idle",
    "failed_over",
    "failed_over_critical_services_not_running",
)
FAILED, AUTOMATIC = "running_in_failed_mode", "automatic_fallback"
TAKE_OVER, TAKE_BACK, START = "take_over_users_failed", "take_back_users_failed", "start_of_critical_services_failed"

# Number of the row -> (state, reason) of node 1 and of node 2; more than one where the table has alternatives.
PAIR_TABLE = {
    "1": (N, N, N, N),
    "2": ("failing_over", ADMIN, "taking_over", ADMIN),
    "3": (IDLE, ADMIN, BACKUP, ADMIN),
    "4": ("taking_back", ADMIN, "falling_back", ADMIN),
    "5": (IDLE, INIT, BACKUP, ADMIN),
    "6": (IDLE, INIT, BACKUP, INIT),
    "7": (IDLE, ADMIN, BACKUP, INIT),
    "8": ("failing_over", ADMIN, "taking_over", INIT),
    "9": ("taking_back", INIT, "falling_back", ADMIN),
    "10": ("taking_back", AUTOMATIC, "falling_back", AUTOMATIC),
    "11 rebooted": (OVER, INIT, BACKUP, SERVICE),
    "11 started": (OVER, SERVICE, BACKUP, SERVICE),
    "12": (CSNR, SERVICE, BACKUP, SERVICE),
    "13": (CSNR, DATABASE, BACKUP, DATABASE),
    "14": (FAILED, START, FAILED, START),
    "15": (FAILED, SERVICE, FAILED, SERVICE),
    "16": (UNSET, UNSET, BACKUP, "peer_down"),
    "17": (UNSET, UNSET, BACKUP, "peer_reboot"),
    "18": (OVER, INIT, BACKUP, "peer_down_during_initialization"),
    "18 services down": (CSNR, INIT, BACKUP, "peer_down_during_initialization"),
    "19": (FAILED, TAKE_OVER, FAILED, TAKE_OVER),
    "20": (FAILED, TAKE_BACK, FAILED, TAKE_BACK),
    "21": (FAILED, "unknown", FAILED, "unknown"),
    "22": ("backup_activated", "auto_recover_database_failure", "failover_affected_services", UNSET),
    "23": ("backup_activated", "auto_recover_critical_service_down", "failover_affected_services", UNSET),
    "24": ("unknown", UNSET, "unknown", UNSET),
}


def rows(nodes: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The rows that two nodes show, whichever of them is the home."""
    shown = [(node["state"], node["reason"]) for node in nodes.values()]
    if len(shown) != 2:
        return []
    ways = [(*shown[0], *shown[1]), (*shown[1], *shown[0])]
    return [row for row, wanted in PAIR_TABLE.items() if any(_fits(wanted, way) for way in ways)]


def _fits(wanted: tuple[str | None, ...], seen: tuple[str, ...]) -> bool:
    return all(w is None or w == s for w, s in zip(wanted, seen, strict=True))
