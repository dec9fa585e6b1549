"""A real directory for tests: Debian's slapd on loopback, with the limits of size that real directories have."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import ldap3

from config.local.embedded import HOST, free_port
from config.local.processes import wait_until
from tests.tools import need

BASE, ADMIN, PASSWORD = "dc=example,dc=org", "cn=admin,dc=example,dc=org", "s3cret-of-the-directory"
CONFIG = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {where}/slapd.pid
sizelimit size.soft=500 size.pr=1000 size.prtotal=unlimited
{tls}
database mdb
maxsize 1073741824
suffix "{base}"
rootdn "{admin}"
rootpw {password}
directory {where}/data
index objectClass,uid,entryUUID eq
access to * by dn="cn=reader,{base}" read by anonymous auth by * none
"""


@dataclass
class Slapd:
    """A running slapd."""

    where: Path
    port: int
    process: subprocess.Popen[bytes]
    scheme: str = "ldap"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{HOST}:{self.port}"

    def admin(self) -> ldap3.Connection:
        """A connection that may change everything."""
        return ldap3.Connection(ldap3.Server(HOST, self.port), ADMIN, PASSWORD, auto_bind=True)


def person(uid: str, **more: str) -> str:
    """An entry in LDIF; an attribute given as "" is left out."""
    values = {"cn": f"Name of {uid}", "sn": "Person", "mail": f"{uid}@example.org", **more}
    lines = [f"dn: cn={uid},ou=people,{BASE}", "objectClass: inetOrgPerson", f"cn: {uid}", f"uid: {uid}"]
    lines += [f"{name}: {value}" for name, value in values.items() if value and name != "cn"]
    return "\n".join([*lines, f"displayName: {values['cn']}"]) + "\n"


def start(where: Path, entries: Iterable[str], *, tls: str = "", scheme: str = "ldap") -> Slapd:
    """A slapd with these entries; its data lies in `where`."""
    program = need("slapd")
    (where / "data").mkdir(parents=True)
    config = where / "slapd.conf"
    config.write_text(CONFIG.format(where=where, base=BASE, admin=ADMIN, password=PASSWORD, tls=tls))
    root = [
        f"dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\no: Example\ndc: example\n",
        f"dn: ou=people,{BASE}\nobjectClass: organizationalUnit\nou: people\n",
        f"dn: ou=gone,{BASE}\nobjectClass: organizationalUnit\nou: gone\n",
    ]
    ldif = where / "people.ldif"
    ldif.write_text("\n".join([*root, *entries]))
    loader = shutil.which("slapadd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    subprocess.run([loader, "-q", "-f", str(config), "-l", str(ldif)], check=True, capture_output=True, timeout=120)
    port = free_port()
    command = [program, "-d", "0", "-f", str(config), "-h", f"{scheme}://{HOST}:{port}/"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    slapd = Slapd(where, port, process, scheme)
    assert wait_until(lambda: _answers(port), 30), "slapd did not start"
    return slapd


def _answers(port: int) -> bool:
    import socket

    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False
