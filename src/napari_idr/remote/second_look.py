"""What fails on the word of a kept answer is tried once more on the word of the server."""

from __future__ import annotations

import time
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Protocol, TypeVar

from napari_idr.errors import FormatError, NotFound, ProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .disk_cache import DiskCache

P = ParamSpec("P")
T = TypeVar("T")


class HasCache(Protocol):
    """Whatever reads with the help of a cache on disk."""

    cache: DiskCache


S = TypeVar("S", bound=HasCache)


def second_look(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Have a method that fails on something kept called again, with everything asked about anew.

    A thing that was absent this morning may be there now, a document that broke a rule may be mended: nobody should
    have to empty the cache to see it.
    """

    @wraps(method)
    def looking_twice(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        used, began = self.cache.uses, time.time()
        try:
            return method(self, *args, **kwargs)
        except (FormatError, NotFound, ProtocolError):
            if self.cache.uses == used or self.cache.distrusted >= began:
                raise  # nothing kept had a part in it, or it was looked at twice already
            self.cache.distrust()
        return method(self, *args, **kwargs)

    return looking_twice
