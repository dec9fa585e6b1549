"""How the tests start Chromium; which one, tests/tools.py finds."""

import os

# As root there is no sandbox to be had; the rest keeps a test browser from calling home.
FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    *(["--no-sandbox"] if os.geteuid() == 0 else []),
]
