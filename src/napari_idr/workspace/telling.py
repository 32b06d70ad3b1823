"""Tell others of what was written: whoever listens badly does not keep anything from being written."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from psygnal import EmitLoopError

if TYPE_CHECKING:
    from psygnal import SignalInstance

LOG = logging.getLogger(__name__)


def tell(signal: SignalInstance, *values: object) -> None:
    """Emit a signal; an error of a listener is logged with its traceback."""
    try:
        signal.emit(*values)
    except EmitLoopError:
        LOG.exception("somebody who listens to the workspace failed")
