"""Checks what is drawn again and again while people work: a moment after each change, in a worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal

from .workers import Latest, while_alive

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtWidgets import QWidget

    from napari_idr.layers.submission_draft import Checked, SubmissionDraft, Wanted
    from napari_idr.layers.viewer_session import ViewerSession

    from .workers import Job

SOON = 150
"""Milliseconds after the last change before it is checked: the list follows within 300."""


class LiveCheck(QObject):
    """Checks while the widget it is for can be seen.

    Parameters
    ----------
    session, draft
        Of the viewer.
    wanted
        Returns what is to be checked, now.
    shown_in
        The widget that shows what was found.
    """

    checked = Signal(object)
    """A ``Checked``."""
    failed = Signal(object)

    def __init__(
        self, session: ViewerSession, draft: SubmissionDraft, wanted: Callable[[], Wanted], shown_in: QWidget
    ) -> None:
        super().__init__(shown_in)
        self._draft, self._wanted, self._shown_in = draft, wanted, shown_in
        self._checking = Latest(self)
        self._soon = QTimer(self, singleShot=True, interval=SOON)
        self._soon.timeout.connect(self._check)
        session.annotations.objects_changed.connect(self.ask)
        session.annotations.layers_changed.connect(self.ask)
        session.annotations.changed.connect(self.ask)
        session.kept.said_changed.connect(self.ask)

    @while_alive
    def ask(self, *_: object) -> None:
        """Check soon; nothing is done while nobody could see it."""
        if self._shown_in.isVisible():
            self._soon.start()

    @property
    def is_running(self) -> bool:
        """Whether something is to be checked, or is being."""
        return self._soon.isActive() or self._checking.is_running

    def stop(self) -> None:
        """Forget what is on its way."""
        self._soon.stop()
        self._checking.cancel()

    def _check(self) -> None:
        self._checking.run_reporting(
            _checked, self._draft, self._wanted(), on_done=self.checked.emit, on_error=self.failed.emit
        )


def _checked(job: Job, draft: SubmissionDraft, wanted: Wanted) -> Checked:
    return draft.check(wanted, job.is_cancelled)
