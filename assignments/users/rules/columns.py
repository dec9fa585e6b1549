"""The columns of a list of users: their names in both formats, and what an unknown one may have meant."""

import difflib
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from assignments.users.rules.problems import Problems
from topology import reasons
from topology.reasons import Refused

PLAIN, BULK = "plain", "bulk_administration"
HALVES = ("first_name", "last_name")  # of a name
USED = (
    "user_id", "name", "first_name", "last_name", "mail", "endpoints", "contacts", "node", "home_cluster", "enabled",
    "pinned", "pin_reason", "directory_uri", "department",
)  # fmt: skip
TEXTS = ("user_id", "name", "first_name", "last_name", "mail", "directory_uri", "department")  # what people read
ALIASES = {
    "mail_id": "mail",
    "assigned_presence_server": "node",
    "enable_user_for_unified_cm_im_and_presence": "enabled",
}
OF_BULK = {"first_name", "last_name", "mail_id", "assigned_presence_server", *ALIASES}
MEANT = {
    "e_mail": "mail", "email": "mail", "email_address": "mail", "mail_address": "mail", "e_mail_address": "mail",
    "home_node": "node", "home": "node", "server": "node", "presence_server": "node", "node_name": "node",
    "contact": "contacts", "contact_count": "contacts", "number_of_contacts": "contacts",
    "userid": "user_id", "user": "user_id", "uid": "user_id", "login": "user_id", "username": "user_id",
    "user_name": "user_id", "samaccountname": "user_id", "id": "user_id", "account": "user_id",
    "full_name": "name", "display_name": "name", "displayname": "name", "fullname": "name",
    "givenname": "first_name", "given_name": "first_name", "firstname": "first_name", "forename": "first_name",
    "surname": "last_name", "sn": "last_name", "family_name": "last_name", "lastname": "last_name",
    "endpoint": "endpoints", "devices": "endpoints", "clients": "endpoints",
    "benutzer_id": "user_id", "benutzername": "user_id", "benutzer": "user_id", "kennung": "user_id",
    "anmeldename": "user_id", "identifiant": "user_id", "utilisateur": "user_id", "usuario": "user_id",
    "vorname": "first_name", "nachname": "last_name", "familienname": "last_name", "vollständiger_name": "name",
    "prénom": "first_name", "nombre": "first_name", "apellidos": "last_name", "anzeigename": "name",
    "e_mail_adresse": "mail", "mailadresse": "mail", "courriel": "mail", "correo": "mail",
    "kontakte": "contacts", "abteilung": "department", "knoten": "node", "userprincipalname": "user_id",
    "benutzerkennung": "user_id", "nutzername": "user_id", "user_principal_name": "user_id",
    "sam_account_name": "user_id", "nom_d'utilisateur": "user_id", "nome_utente": "user_id",
    "gebruikersnaam": "user_id", "nombre_de_usuario": "user_id", "användarnamn": "user_id", "логин": "user_id",
    "ユーザーid": "user_id", "ユーザーｉｄ": "user_id", "ユーザid": "user_id", "ユーザー名": "user_id",
    "用户名": "user_id", "用户id": "user_id", "voller_name": "name", "nom_complet": "name", "nombre_completo": "name",
    "氏名": "name", "名前": "name", "表示名": "name", "姓名": "name", "cn": "name", "nom": "last_name",
    "nom_de_famille": "last_name", "zuname": "last_name", "cognome": "last_name", "achternaam": "last_name",
    "efternamn": "last_name", "apellido": "last_name", "nazwisko": "last_name", "фамилия": "last_name",
    "姓": "last_name", "voornaam": "first_name", "förnamn": "first_name", "imię": "first_name", "имя": "first_name",
    "名": "first_name", "adresse_mail": "mail", "adresse_e_mail": "mail", "adresse_électronique": "mail",
    "correo_electrónico": "mail", "posta_elettronica": "mail", "e_post": "mail", "почта": "mail", "メール": "mail",
    "メールアドレス": "mail", "邮箱": "mail", "电子邮件": "mail", "heimatknoten": "node", "heimatserver": "node",
    "nœud": "node", "noeud": "node", "nodo": "node", "ノード": "node", "endgeräte": "endpoints", "geräte": "endpoints",
    "terminaux": "endpoints", "kontaktanzahl": "contacts", "anzahl_kontakte": "contacts",
    "nombre_de_contacts": "contacts", "contactos": "contacts", "連絡先": "contacts", "連絡先数": "contacts",
    "angepinnt": "pinned", "fixiert": "pinned", "épinglé": "pinned", "grund": "pin_reason",
    "département": "department", "departamento": "department", "afdeling": "department", "avdelning": "department",
    "部署": "department", "部门": "department",
    "uri": "directory_uri", "sip_uri": "directory_uri", "sip_address": "directory_uri", "dept": "department",
}  # fmt: skip
IGNORE = ""  # what a mapping says of a column that is not to be used
DEVICE = "controlled_device"


def column_name(written: str) -> str:
    """A header's cell in the form that the names have: "E-Mail" is e_mail."""
    text = unicodedata.normalize("NFC", written).strip().strip('"').lower()
    return "_".join(text.replace("-", " ").replace("_", " ").split())


HEADERS = {name.replace("_", mark) for name in (*USED, *ALIASES) for mark in "_ -"}  # as a header writes them


@dataclass(frozen=True)
class Unused:
    """A column that nothing is read from, and what it may have meant."""

    column: str
    meant: str | None


@dataclass(frozen=True)
class Columns:
    """Where each column stands, and which are not used."""

    width: int = 0
    places: Mapping[str, int] = field(default_factory=dict)
    format: str = PLAIN
    unused: Sequence[Unused] = ()
    ends_with_devices: bool = False
    asked: Mapping[str, str] = field(default_factory=dict)  # columns of this header that a mapping names: as what


def read_columns(
    cells: Sequence[str], line: int, problems: Problems, mapping: Mapping[str, str], wanted: Collection[str] = USED
) -> Columns:
    """Find the wanted columns of a header; a mapping from written names to ours comes first.

    A column without a name is called by its place; at the end it is none.
    """
    while cells and not column_name(cells[-1]):
        cells = cells[:-1]
    names = [column_name(cell) or f"column_{place}" for place, cell in enumerate(cells, 1)]
    chosen = {column_name(written): column for written, column in mapping.items()}
    places: dict[str, int] = {}
    for index, name in enumerate(names):
        column = chosen.get(name, ALIASES.get(name, name))
        if column not in wanted:
            continue
        if column in places:
            problems.add(line, reasons.IMPORT_COLUMN_TWICE, column=column)
        places.setdefault(column, index)
    if "name" in places:  # a whole name is worth more than two halves of which one may be missing
        places = {column: index for column, index in places.items() if column not in ("first_name", "last_name")}
    halves = [column for column in HALVES if column in places]
    if len(halves) == 1:
        written = cells[places[halves[0]]].strip().replace("\n", " ")[:40]
        problems.add(line, reasons.IMPORT_HALF_NAME, column=written)
    unused = [
        Unused(cells[index].strip() or name.replace("_", " "), _meant(name, places))
        for index, name in enumerate(names)
        if index not in places.values() and chosen.get(name) != IGNORE
    ]
    asked = {cell.strip(): chosen[name] for cell, name in zip(cells, names, strict=True) if name in chosen}
    bulk = BULK if "user_id" in places and OF_BULK & set(names) else PLAIN
    return Columns(len(cells), places, bulk, unused, bool(names) and names[-1].startswith(DEVICE), asked)


def _meant(name: str, places: Mapping[str, int]) -> str | None:
    if name in USED:  # it is not used because of another column
        return None
    known = MEANT.get(name)
    if known is None:
        close = difflib.get_close_matches(name, [column for column in USED if len(column) > 3], 1, cutoff=0.8)
        known = close[0] if close else None
    return known if known not in places else None


def mapping_of(choices: Sequence[str]) -> dict[str, str]:
    """What choices such as "e-mail=mail" say; "town=" leaves the column out. Raises Refused for what says nothing."""
    parts = [choice.rpartition("=") for choice in choices]
    for (header, equals, column), choice in zip(parts, choices, strict=True):
        if not (header and equals) or (column and column not in USED):
            raise Refused(reasons.IMPORT_COLUMN_CHOICE, choice=choice[:60], known=", ".join(USED))
    return {header: column for header, _, column in parts}


def names_user_id(cells: object) -> bool:
    """Whether these are cells of a header with a column user_id."""
    return isinstance(cells, list) and "user_id" in map(column_name, cells)


def how_many_known(cells: Sequence[str]) -> int:
    """How many cells of a line are names of columns."""
    return sum(1 for cell in cells if (name := column_name(cell)) in USED or name in ALIASES)


def how_many_meant(cells: Sequence[str]) -> int:
    """How many cells of a line may mean a column."""
    return sum(column_name(cell) in MEANT for cell in cells)
