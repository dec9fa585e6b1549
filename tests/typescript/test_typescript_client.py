"""The types of a TypeScript client are made of the schema, a program is checked against them, and does its work."""

import json
import os
import shutil
import subprocess
from pathlib import Path

from config.api import api
from tests.support.live_stack import LiveStack
from tests.support.worlds import make_acme
from topology.accounts import roles, tokens

HERE = Path(__file__).parent
PACKAGES = ["openapi-typescript@7.13.0", "openapi-fetch@0.17.0", "typescript@5.9.3", "@types/node@20.19.0"]
NOT_NEEDED = "--default-non-nullable=false"  # what has a default need not be sent
STRICT = ["--strict", "--module", "nodenext", "--moduleResolution", "nodenext", "--target", "es2022", "--skipLibCheck"]


def done(folder: Path, *words: str, **environment: str) -> str:
    run = subprocess.run(
        words, cwd=folder, env=os.environ | environment, capture_output=True, text=True, timeout=300
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def test_a_program_in_typescript_balances_a_cluster(live_web: LiveStack, tmp_path: Path) -> None:
    make_acme(imp1a=30, imp1b=10)
    (tmp_path / "openapi.json").write_text(json.dumps(api.get_openapi_schema(), default=str))
    (tmp_path / "package.json").write_text('{"type": "module", "private": true}')
    shutil.copy(HERE / "use.ts", tmp_path)
    done(tmp_path, "npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", *PACKAGES)
    tools = tmp_path / "node_modules" / ".bin"
    done(tmp_path, str(tools / "openapi-typescript"), "openapi.json", NOT_NEEDED, "-o", "homenode.ts")
    done(tmp_path, str(tools / "tsc"), *STRICT, "use.ts")
    token = tokens.create("typescript", roles.OPERATOR, actor="test")[1]
    said = json.loads(done(tmp_path, "node", "use.js", CONSOLE=live_web.address, TOKEN=token).splitlines()[-1])
    assert said == {"assigned": 40, "moves": said["moves"], "run": "running", "code": "NO_SUCH_CLUSTER"}
    assert said["moves"] > 0
