"""The pictures of a review by two: Ada, who sits here, and Grace, whose verdicts come in a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from take_pictures import Photographer

REVIEWED = "embryo-1, every kind of ROI"
ADA_DOES = ("accept", "accept", "reject", "accept", "flag", "accept")
GRACE_SAYS = (
    ("accepted", ""),
    ("rejected", "the outline is half a cell too wide"),
    ("rejected", ""),
    ("accepted", ""),
    ("accepted", ""),
    ("flagged", "out of focus"),
)
PAGES = ("review-who", "review-differ", "review-agreement")


def take_review(camera: Photographer) -> None:
    """Take them on a server of one's own, so that what is sent back is shown, too."""
    from qtpy.QtWidgets import QPushButton
    from take_pictures import draw, wait_until

    from napari_idr.embedded import EmbeddedRepository
    from napari_idr.model.annotator import Annotator
    from napari_idr.review.reviewer import save_reviewer
    from napari_idr.review.team import disputes_of

    save_reviewer(camera.session.session.settings.config_dir, Annotator("Ada Lovelace", "0000-0002-1825-0097"))
    server = EmbeddedRepository(options=("--private",))
    tab = camera.dock.review
    camera.dock.show_tab(tab)
    tab.queues.make(image_of(camera, server.start()), "embryos")
    wait_until(lambda: tab.review is not None and tab.review.outlines is not None, "the first object")
    for action in ADA_DOES:
        tab.act(action)
    tab.desk.go(1)
    camera.settle()
    tab.files.look_into(file_of_grace(camera))
    wait_until(lambda: "would come in" in tab.notices.text.text(), "what comes in")
    draw()
    camera.widget(camera.dock, "review-take-in")
    next(one for one in tab.notices.findChildren(QPushButton) if one.text() == "Take it in").click()
    wait_until(lambda: tab.desk is not None and bool(disputes_of(tab.desk)), "the second opinion")
    wait_until(lambda: tab.review.outlines is not None, "the object")
    tab.notices.clear()
    camera.settle()
    camera.window("review")
    for page, name in enumerate(PAGES):
        take_page(camera, page, name)
    tab.show_send()
    wait_until(tab.sending.send.isEnabled, "the comparison")
    draw()
    camera.widget(tab.sending, "review-send")
    tab.sending.close()
    tab.stop_review()
    server.stop()


def take_page(camera: Photographer, page: int, name: str) -> None:
    """Take a page of the window for several people."""
    from take_pictures import draw, wait_until

    from napari_idr.model.annotator import Annotator
    from napari_idr.review.team import assign

    tab: Any = camera.dock.review
    tab.show_team(page)
    team = tab.team
    if name == "review-who":
        assign(tab.desk, tab.desk.queue.images, Annotator("Grace Hopper"))
        wait_until(lambda: "Grace" in team.work.table.item(0, 1).text(), "the assignment")
    elif name == "review-differ":
        team.disputes.table.selectRow(0)
    else:
        wait_until(lambda: team.agreement.table.rowCount() > 1, "the numbers")
    draw()
    camera.widget(team, name)
    team.close()


def image_of(camera: Photographer, base: str) -> str:
    """Sign in to the server, and return the address of its image with every kind of ROI."""
    from pydantic import SecretStr

    session = camera.session.session
    root = session.servers.sign_in(base, "ada", SecretStr("analytical")).root()
    study = next(node for node in session.children(root).nodes if node.accession == "idr9903")
    (project,) = session.children(study).nodes
    images = [one for held in session.children(project).nodes for one in session.children(held).nodes]
    return next(node.address for node in images if node.name == REVIEWED)


def file_of_grace(camera: Photographer) -> Path:
    """Return what a colleague sends back who got the queue as a file."""
    from napari_idr.model.annotator import Annotator
    from napari_idr.review.desk import Desk
    from napari_idr.review.hand_over import write_review
    from napari_idr.review.queue_store import open_queue
    from napari_idr.workspace.database import sqlite_address
    from napari_idr.workspace.workspace import Workspace

    tab, mine = camera.dock.review, camera.session.session.workspace
    folder, queue = Path(os.environ["NAPARI_IDR_CACHE_DIR"]) / "grace", tab.desk.opened.uuid
    folder.mkdir()
    sent, back = folder / "embryos.idrreview", folder / "embryos-grace.idrreview"
    tab.write_all()
    write_review(mine, open_queue(mine, queue), sent)
    with Workspace(sqlite_address(folder / "workspace.sqlite"), folder / "journal") as theirs:
        theirs.merge(sent)

        def record(_image: object, batch: Any, *, who: object = None) -> int:
            theirs.record(batch)
            return 0

        desk = Desk(open_queue(theirs, queue), Annotator("Grace Hopper"), record)
        for row, (status, why) in zip(tab.desk.rows, GRACE_SAYS, strict=False):
            desk.judge(status, why, [desk.queue.uuids[int(row)]])  # type: ignore[arg-type]
        write_review(theirs, open_queue(theirs, queue), back)
    return back
