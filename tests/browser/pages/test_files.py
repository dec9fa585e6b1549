"""Lists of users in the browser: imported with what must be said about them, removed, taken back, exported."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from assignments.models import Assignment, Operation
from tests.browser.hands import row, show, toast
from tests.support.live_stack import LiveStack
from tests.support.worlds import make_acme
from topology.models import Cluster, EndUser

Open = Callable[..., Page]
CASES = Path(__file__).parent.parent.parent / "users" / "files" / "cases"


@pytest.fixture
def acme(live_web: LiveStack) -> Cluster:
    return make_acme(imp1a=70, imp1b=3, waiting=2)


@pytest.fixture
def importing(acme: Cluster, signed_in_page: Open) -> Locator:
    """The dialog of an import."""
    page = signed_in_page(path="/clusters/acme/")
    page.get_by_role("button", name="Import users…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("#dialog-title")).to_have_text("Import users into acme")
    return dialog


def press(dialog: Locator, name: str) -> Locator:
    """Press a button of the import; answers its report."""
    dialog.get_by_role("button", name=name, exact=True).click()
    return dialog.locator("#import-report")


def figures(report: Locator) -> dict[str, str]:
    names, values = report.locator("dl.figures dt"), report.locator("dl.figures dd")
    return dict(zip(names.all_inner_texts(), values.all_inner_texts(), strict=True))


def test_a_list_is_checked_mapped_confirmed_and_imported(importing: Locator, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    new = [f"n{n},New {n},n{n}@x.org,Bonn" for n in range(20)]
    file.write_text("\n".join(["user_id,name,e-mail,town", "imp1a-0001,,one@x.org,Ulm", *new]))
    importing.get_by_label("File", exact=True).set_input_files(file)
    report = press(importing, "Check only")
    expect(report).to_contain_text("Nothing was imported yet: stored values would be emptied.")
    expect(report.locator("table").first).to_contain_text("New 0")
    assert figures(report) == {"New": "20", "Changed": "1", "Unchanged": "0", "Assigned": "20", "Left unassigned": "0"}
    expect(report.get_by_label("“e-mail”")).to_have_value("e-mail=mail")
    report.get_by_label("Empty them: 1 name").check()
    press(importing, "Check only")
    expect(report).to_contain_text("Nothing was changed: this was a check.")
    expect(report).to_contain_text("Changed: name of 1, mail of 1.")
    expect(report.get_by_label("Empty them: 1 name")).to_be_checked()
    press(importing, "Import")
    expect(report).to_contain_text("Imported 21 lines.")
    assert EndUser.objects.get(user_id="imp1a-0001").mail == "one@x.org"
    assert EndUser.objects.filter(user_id__startswith="n", mail="").count() == 0


def test_a_tick_is_for_what_it_says_and_not_for_another_list(importing: Locator, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("user_id,name\nimp1a-0001,\n")
    importing.get_by_label("File", exact=True).set_input_files(file)
    report = press(importing, "Check only")
    report.get_by_label("Empty them: 1 name").check()
    file.write_text("user_id,name\n" + "".join(f"imp1a-{n:04},\n" for n in range(1, 71)))
    importing.get_by_label("File", exact=True).set_input_files(file)
    press(importing, "Import")
    expect(report.get_by_label("Empty them: 70 names")).not_to_be_checked()
    assert not EndUser.objects.filter(name="").exists()


def test_every_problem_comes_as_a_file(importing: Locator, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("user_id,contacts\n" + "".join(f"u{n},300\n" for n in range(1500)))
    importing.get_by_label("File", exact=True).set_input_files(file)
    report = press(importing, "Check only")
    expect(report).to_contain_text("Nothing was imported: 1,500 problems in 1,500 lines.")
    with importing.page.expect_download() as coming:
        report.get_by_role("button", name="All as CSV").click()
    rows = list(csv.reader(coming.value.path().open(encoding="utf-8-sig", newline="")))
    assert coming.value.suggested_filename.startswith("acme-problems-")
    assert len(rows) == 1501
    assert rows[-1][:4] == ["problem", "1501", "IMPORT_TOO_MANY_CONTACTS", "300 contacts are more than 200."]
    expect(report).to_be_visible()


def test_a_file_that_is_no_list_is_named(importing: Locator) -> None:
    importing.get_by_label("File", exact=True).set_input_files(CASES / "a17.zip")
    report = press(importing, "Import")
    expect(report).to_contain_text("Nothing was imported: 1 problem.")
    expect(report).to_contain_text("This is a ZIP file that holds users.csv, not a CSV.")
    with importing.page.expect_download() as coming:
        report.get_by_role("link", name="All as CSV").click()
    assert "IMPORT_WRONG_KIND" in coming.value.path().read_text()


@pytest.mark.slow
def test_a_long_import_says_how_far_it_is(importing: Locator, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("user_id,name,node\n" + "".join(f"u{n},Somebody {n},-\n" for n in range(60_000)))
    importing.get_by_label("File", exact=True).set_input_files(file)
    report = press(importing, "Import")
    line = importing.locator("[data-bar]")
    expect(line).to_contain_text("rows", timeout=20_000)
    expect(report).to_contain_text("Imported 60,000 lines.", timeout=60_000)
    expect(line).to_be_hidden()


def test_chosen_users_are_removed_when_their_number_is_typed(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(path="/clusters/acme/")
    show(page, "imp1a")
    page.get_by_role("button", name="Select all").click()
    page.get_by_role("button", name="Remove…", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("#dialog-title")).to_have_text("Remove 70 users of imp1a")
    count = dialog.get_by_label("Type 70 to confirm")
    expect(count).to_be_focused()
    count.fill("69")
    dialog.get_by_role("button", name="Remove 70 users").click()
    expect(dialog).to_contain_text("This is not the number of users who go.")
    count.fill("70")
    page.keyboard.press("Enter")
    expect(toast(page)).to_contain_text("Removed 70 users")
    expect(dialog).to_be_hidden()
    expect(page.locator(".users [data-user]")).to_have_count(0)
    assert Assignment.objects.count() == 5


def test_a_user_is_removed_from_the_details_and_brought_back(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(path="/clusters/acme/")
    show(page, "imp1a")
    row(page, "imp1a-0002").click()
    page.keyboard.press("i")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Remove…").click()
    dialog.get_by_label("Type 1 to confirm").fill("1")
    dialog.get_by_role("button", name="Remove 1 user").click()
    expect(toast(page)).to_contain_text("Removed 1 user,")
    expect(row(page, "imp1a-0002")).to_have_count(0)
    page.goto(f"/operations/{Operation.objects.get().pk}/")
    with page.expect_download() as coming:
        page.get_by_role("link", name="Export as CSV").click()
    assert "imp1a-0002,Person 2 of imp1a" in coming.value.path().read_text()
    page.get_by_role("button", name="Undo…").click()
    expect(dialog).to_contain_text("Users brought back")
    dialog.get_by_role("button", name="Undo for 1 user").click()
    expect(toast(page)).to_contain_text("Undone")
    assert Assignment.objects.get(user__user_id="imp1a-0002").home_node


@pytest.mark.parametrize("spreadsheet", [True, False])
def test_an_export_is_for_a_spreadsheet_unless_that_is_unticked(
    acme: Cluster, signed_in_page: Open, spreadsheet: bool
) -> None:
    EndUser.objects.filter(user_id="imp1b-0001").update(name="=1+1")
    page = signed_in_page(role="operator", path="/clusters/acme/")
    show(page, "imp1b")
    page.get_by_role("button", name="Select all").click()
    page.get_by_role("button", name="Export…").click()
    tick = page.get_by_label("For a spreadsheet", exact=True)
    expect(tick).to_be_checked()
    tick.set_checked(spreadsheet)
    with page.expect_download() as coming:
        page.get_by_role("button", name="Export 3 users").click()
    file = coming.value.path().read_bytes()
    assert file.startswith(b"\xef\xbb\xbf") == spreadsheet
    assert (b",'=1+1," in file) == spreadsheet
