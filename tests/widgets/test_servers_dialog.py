"""The dialog "Servers" over a server that wants a login, and the notice when a session has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import Qt

from napari_idr.model.catalog import Node
from napari_idr.servers import is_server
from napari_idr.session import Session
from napari_idr.settings import Settings
from napari_idr.widgets.catalog_tree import CatalogTree
from napari_idr.widgets.notice_strip import NoticeStrip
from napari_idr.widgets.server_actions import ServerActions
from napari_idr.widgets.servers_dialog import ServersDialog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot
    from qtpy.QtWidgets import QWidget

    from napari_idr.widgets.theme import Theme
    from repository_server import Served

pytestmark = pytest.mark.qt
PATIENCE = 15_000


@pytest.fixture
def real(mixed: Served, tmp_path: Path) -> Iterator[Session]:
    """A session whose other repository is public; passwords stay in memory."""
    settings = Settings(server="https://idr.openmicroscopy.org/", config_dir=tmp_path, read_timeout=120)
    with Session(settings) as opened:
        yield opened


@pytest.fixture
def dialog(real: Session, theme: Theme, host: QWidget, qtbot: QtBot) -> ServersDialog:
    made = ServersDialog(real.servers, theme, host)
    made.show()
    qtbot.waitUntil(lambda: "memory" in made.form.why_not.text(), timeout=PATIENCE)
    return made


def type_in(dialog: ServersDialog, address: str, user: str = "", password: str = "") -> None:
    dialog.form.address.setText(address)
    dialog.form.user.setText(user)
    dialog.form.password.setText(password)


def sign_in(qtbot: QtBot, dialog: ServersDialog, served: Served) -> None:
    type_in(dialog, f"{served.address}webclient/?show=image-1", "ada", "analytical")
    with qtbot.waitSignal(dialog.added, timeout=PATIENCE):
        qtbot.keyClick(dialog.form.password, Qt.Key.Key_Return)


@pytest.mark.smoke
def test_three_fields_and_enter_sign_in(qtbot: QtBot, dialog: ServersDialog, real: Session, private: Served) -> None:
    assert not dialog.list.empty.isHidden()
    sign_in(qtbot, dialog, private)
    assert dialog.isHidden()
    assert dialog.form.password.text() == ""
    assert real.repositories[-1].root().id == "ada"
    assert dialog.list.servers.item(0).text().endswith(" · signed in as ada")


def test_a_wrong_password_is_said_and_the_form_stays(qtbot: QtBot, dialog: ServersDialog, private: Served) -> None:
    type_in(dialog, private.address, "ada", "wrong")
    dialog.form.add.click()
    qtbot.waitUntil(lambda: not dialog.notices.isHidden(), timeout=PATIENCE)
    assert "did not let ada in" in dialog.notices.text.text()
    assert dialog.form.user.text() == "ada"
    assert not dialog.isHidden()


def test_a_server_is_tried_before_it_is_added(
    qtbot: QtBot, dialog: ServersDialog, real: Session, private: Served
) -> None:
    type_in(dialog, private.address, "ada", "analytical")
    dialog.form.test.click()
    qtbot.waitUntil(lambda: not dialog.notices.isHidden(), timeout=PATIENCE)
    assert dialog.notices.text.text().endswith("lets ada in, into the group Embryos.")
    assert real.servers.known == ()


def test_what_is_missing_cannot_be_sent(dialog: ServersDialog) -> None:
    assert not dialog.form.add.isEnabled()
    type_in(dialog, "omero.uni.edu", "ada")
    assert (dialog.form.add.isEnabled(), dialog.form.add.text()) == (False, "Sign in")
    type_in(dialog, "omero.uni.edu", "", "secret")
    assert not dialog.form.add.isEnabled()
    type_in(dialog, "omero.uni.edu")
    assert (dialog.form.add.isEnabled(), dialog.form.add.text()) == (True, "Add")
    assert not dialog.form.keep.isEnabled()


def test_a_password_over_plain_http_is_refused(qtbot: QtBot, dialog: ServersDialog) -> None:
    type_in(dialog, "http://omero.example.org/", "ada", "secret")
    dialog.form.add.click()
    qtbot.waitUntil(lambda: not dialog.notices.isHidden(), timeout=PATIENCE)
    assert "not sent over plain http" in dialog.notices.text.text()


def test_a_group_is_chosen_from_the_list(qtbot: QtBot, dialog: ServersDialog, real: Session, private: Served) -> None:
    sign_in(qtbot, dialog, private)
    dialog.ask_for("")
    qtbot.waitUntil(lambda: dialog.list.group.count() == 3, timeout=PATIENCE)
    assert [dialog.list.group.itemText(n) for n in range(3)] == ["All my groups", "Embryos", "Histology"]
    with qtbot.waitSignal(dialog.list.group_chosen):
        dialog.list.group.setCurrentIndex(2)
        dialog.list.group.activated.emit(2)
    qtbot.waitUntil(lambda: real.servers.known[0].group == 12, timeout=PATIENCE)
    qtbot.waitUntil(lambda: dialog.list.group.currentText() == "Histology", timeout=PATIENCE)
    assert real.repositories[-1].root().id == "ada 12"


def test_signing_out_and_removing(qtbot: QtBot, dialog: ServersDialog, real: Session, private: Served) -> None:
    sign_in(qtbot, dialog, private)
    dialog.ask_for("")
    dialog.list.sign_out.click()
    qtbot.waitUntil(lambda: real.servers.login(private.address) is None, timeout=PATIENCE)
    qtbot.waitUntil(lambda: dialog.list.servers.item(0).text().endswith(" · public"), timeout=PATIENCE)
    dialog.list.remove.click()
    qtbot.waitUntil(lambda: real.servers.known == (), timeout=PATIENCE)
    qtbot.waitUntil(lambda: not dialog.list.empty.isHidden(), timeout=PATIENCE)
    assert len(real.repositories) == 1


def test_closing_forgets_the_password(dialog: ServersDialog) -> None:
    type_in(dialog, "omero.uni.edu", "ada", "secret")
    dialog.close()
    dialog.reject()
    assert dialog.form.password.text() == ""


def test_an_ended_session_asks_once_and_signs_in_again(
    qtbot: QtBot, real: Session, theme: Theme, host: QWidget, private: Served
) -> None:
    notices = NoticeStrip(theme, host)
    actions = ServerActions(real.servers, theme, notices, host)
    actions.sign_in(real.add_repository(private.address).root())
    dialog = actions.show()
    qtbot.waitUntil(lambda: "memory" in dialog.form.why_not.text(), timeout=PATIENCE)
    with qtbot.waitSignal(actions.repository_added, timeout=PATIENCE):
        sign_in(qtbot, dialog, private)
    real.http.logins._passwords.clear()
    for _ in range(3):
        real.http.logins.ended.emit(private.address)
    qtbot.waitUntil(lambda: "asks ada to sign in" in notices.text.text(), timeout=PATIENCE)
    assert notices._actions is not None
    button = notices._actions.layout().itemAt(0).widget()
    button.click()
    assert not dialog.isHidden()
    assert (dialog.form.address.text(), dialog.form.user.text()) == (private.address, "ada")
    dialog.form.password.setText("analytical")
    with qtbot.waitSignal(dialog.added, timeout=PATIENCE):
        dialog.form.add.click()


def test_a_repository_s_menu_signs_in_and_out(qtbot: QtBot, theme: Theme, host: QWidget) -> None:
    tree = CatalogTree(lambda *_: None, theme, host)  # type: ignore[arg-type]
    public = Node("repository", "lab", "", "lab", "https://omero.lab.org/")
    private = Node("repository", "lab", "ada", "lab · ada", "https://omero.lab.org/")
    names = [[action.text() for action in tree.menu_for(node).actions()][:2] for node in (public, private)]
    assert names == [["Sign in…", ""], ["Group, or another user…", "Sign out"]]
    with qtbot.waitSignal(tree.sign_out_requested) as asked:
        tree.menu_for(private).actions()[1].trigger()
    assert asked.args == [private]
    tree.catalog.set_repositories([private])
    assert tree.catalog._icons == {}
    tree.catalog.data(tree.catalog.index(0, 0), Qt.ItemDataRole.DecorationRole)
    assert set(tree.catalog._icons) == {"lock"}


@pytest.mark.parametrize(
    ("address", "is_one"),
    [("https://omero.lab.org/", True), ("https://idr.openmicroscopy.org/", False), ("/data", False), ("", False)],
)
def test_who_can_be_signed_in_to(address: str, is_one: bool) -> None:
    assert is_server(address) is is_one
