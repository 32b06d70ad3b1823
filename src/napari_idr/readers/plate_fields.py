"""What is known of the fields of a plate: read as they are needed, few requests per well, never twice."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_idr.errors import Cancelled, FormatError, NapariIdrError, NotFound
from napari_idr.remote.chunk_fetcher import ZarrChunks
from napari_idr.remote.object_store import child_address, shown_address
from napari_idr.streaming.chunks import ChunkedArray
from napari_idr.streaming.pyramid import ArrayLevel, array_levels

from .field_likeness import check_placeable, inferred
from .ome_zarr import Group, ImageArrays, read_image, read_label, read_well

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_idr.model.image import FieldInfo, ImageMetadata, WellInfo
    from napari_idr.streaming.loader import ChunkLoader
    from napari_idr.streaming.mosaic_layout import FieldKey

REQUESTS_AT_ONCE = 24
"""For the metadata of wells and fields; with the chunks in flight they are no more than a host is asked for in all."""

RETRY_SECONDS = 10.0
"""A field whose metadata could not be read is not asked for again by a display before this."""


@dataclass(frozen=True, eq=False, slots=True)
class FieldImage:
    """One field as far as it is known: all of its levels, or its coarsest alone."""

    metadata: ImageMetadata
    """Of all levels; where ``complete`` is false the finer ones are inferred, and only the last may be trusted."""
    levels: tuple[ArrayLevel, ...]
    complete: bool


class PlateFields:
    """The fields of one acquisition of a plate, and their metadata as they come.

    Parameters
    ----------
    plate
        The plate's group.
    wells
        The wells to show.
    acquisition
        Only fields of this acquisition; None for all.
    loader
        Runs the requests, reads the chunks.
    label
        Name of a label image: then each field's label of that name takes the place of its image.

    Notes
    -----
    All coroutines run on the loader's loop, one thread, so nothing is locked; ``known`` may be called from any.
    """

    changed = Signal()
    """More is known; emitted in the loader's thread."""

    def __init__(
        self, plate: Group, wells: Sequence[WellInfo], acquisition: int | None, loader: ChunkLoader, label: str = ""
    ) -> None:
        self.plate, self.acquisition, self.loader, self.label = plate, acquisition, loader, label
        self.wells = {well.path: well for well in wells}
        self.fields: dict[str, tuple[FieldInfo, ...]] = {}
        """Fields shown, by path of the well, for the wells read so far."""
        self._listed: dict[str, tuple[int, ...]] = {}
        self.problems: dict[str, NapariIdrError] = {}
        """What could not be read, by path of the well or field."""
        self.swept = False
        """True once the metadata of every well were read."""
        self._known: dict[FieldKey, FieldImage | None] = {}
        self._tasks: dict[Any, asyncio.Task[Any]] = {}
        self._template: ImageMetadata | None = None
        self._images: PlateFields | None = None
        self._turn = asyncio.Semaphore(REQUESTS_AT_ONCE // 2)
        self._sweeping = False
        self._asked: set[tuple[FieldKey, bool]] = set()
        self._not_before: dict[FieldKey, float] = {}

    def of_label(self, name: str) -> PlateFields:
        """Return the label images of that name of the same fields; which fields there are is read once for both."""
        labels = PlateFields(self.plate, list(self.wells.values()), self.acquisition, self.loader, name)
        labels.fields, labels._listed, labels._images = self.fields, self._listed, self
        return labels

    # -- from any thread

    def known(self, key: FieldKey) -> FieldImage | None:
        """Return what is known of a field, None while nothing is."""
        return self._known.get(key)

    def is_absent(self, key: FieldKey) -> bool:
        """Whether the well has no such field, the field is listed but not there, or has no such label."""
        listed = self.fields.get(key[0])
        beyond = listed is not None and key[1] >= len(listed)
        return beyond or (key in self._known and self._known[key] is None)

    def shown_index(self, path: str, index: int) -> int | None:
        """Return which of the fields shown is a well's n-th; None where it is not shown.

        A well not read yet is taken to be like the first that was.
        """
        listed = self._listed.get(path) or next(iter(self._listed.values()), ())
        return listed.index(index) if path in self.wells and index in listed else None

    def ask(self, key: FieldKey, complete: bool) -> None:
        """Ask for a field's metadata, for all of them or just enough to show it from afar; never waits."""
        if (key, complete) in self._asked or (self._sweeping and not complete):
            return  # it comes
        self._asked.add((key, complete))
        with suppress(Cancelled):  # closed meanwhile: there is nothing left to show
            self.loader.run(self._read_quietly(key, complete))

    def wait(self, keys: Iterable[FieldKey]) -> dict[FieldKey, FieldImage | None]:
        """Return all metadata of some fields. May block; raises what kept them from being read."""
        return self.loader.wait(self._read_all(list(keys)))

    def wait_all(self) -> None:
        """Read everything there is to know of all fields. May block.

        What breaks a rule or is not there is noted in ``problems``; where the repository does not answer it raises.
        """
        self.loader.wait(self._read_everything())

    @property
    def images(self) -> list[tuple[FieldKey, FieldImage]]:
        """All fields known so far."""
        return [(key, image) for key, image in list(self._known.items()) if image is not None]

    # -- on the loader's loop

    async def first(self) -> FieldImage:
        """Read wells until one has a field that can be read, and return that field, complete.

        Raises
        ------
        NotFound
            No well has an image.
        """
        problem: NapariIdrError | None = None
        for well in self.wells.values():
            try:
                for index, _ in enumerate(await self._well(well.path)):
                    image: FieldImage | None = await self._full((well.path, index))
                    if image is not None:
                        self._template = image.metadata
                        return image
            except (FormatError, NotFound) as error:
                problem = self.problems[well.path] = error
        if problem is not None:
            raise problem
        raise NotFound("The plate has no well with an image", self.plate.address, "choose another acquisition or plate")

    async def sweep(self) -> None:
        """Read every well, and enough of each field to show it from afar; ``changed`` tells of each."""
        per_well = max((len(fields) for fields in self.fields.values()), default=1)
        turn = asyncio.Semaphore(max(1, REQUESTS_AT_ONCE // max(1, per_well)))

        async def read(path: str) -> None:
            async with turn:
                await self._sweep_well(path)

        self._sweeping = True
        try:
            await asyncio.gather(*(read(path) for path in self.wells))
        finally:
            self._sweeping = False
        self.swept = True
        self.changed.emit()

    async def _sweep_well(self, path: str) -> None:
        try:
            fields = await self._well(path)
            keys = [(path, index) for index in range(len(fields))]
            await asyncio.gather(*(self._glance(key, alone=len(keys) == 1) for key in keys))
        except NapariIdrError as error:
            self.problems[path] = error
        self.changed.emit()

    async def _well(self, path: str) -> tuple[FieldInfo, ...]:
        if self._images is not None:
            return await self._images._well(path)  # noqa: SLF001 - the same class
        result: tuple[FieldInfo, ...] = await self._once(("well", path), self._read_well(path))
        return result

    async def _read_well(self, path: str) -> tuple[FieldInfo, ...]:
        fields = self.wells[path].fields
        if fields is None:
            try:
                fields = await read_well(await self.plate.group(path))
            except NotFound as error:  # listed but not there: its place stays empty
                self.problems[path] = error
                fields = ()
        of_run = (None, self.acquisition)
        chosen = [n for n, field in enumerate(fields) if self.acquisition is None or field.acquisition in of_run]
        self._listed[path] = tuple(chosen)
        self.fields[path] = tuple(fields[n] for n in chosen)
        return self.fields[path]

    def _place(self, key: FieldKey) -> str:
        path, index = key
        inside = f"{path}/{self.fields[path][index].path}"
        return f"{inside}/labels/{self.label}" if self.label else inside

    async def _glance(self, key: FieldKey, *, alone: bool) -> None:
        """Read just enough of a field to show it from afar: one request, two where it is the well's only field."""
        if key in self._known:
            return
        if key[1] >= len(self.fields[key[0]]):
            self._put(key, None)
            return
        template = self._template
        if self.plate.documents is not None or template is None:
            await self._full(key)
            return
        own = alone or bool(self.label) or self._has_position(template)
        try:
            await self._once(("glance", key), self._read_coarsest(key, template, own=own))
        except (NotFound, FormatError):
            await self._full(key)

    @staticmethod
    def _has_position(template: ImageMetadata) -> bool:
        return any(template.levels[0].translation)

    async def _read_coarsest(self, key: FieldKey, template: ImageMetadata, *, own: bool) -> None:
        place = self._place(key)
        path = template.levels[-1].path
        bare = self._bare(place)
        if own:
            group, array = await asyncio.gather(self.plate.group(place), bare.array(path))
        else:
            group, array = None, await bare.array(path)
        source = ZarrChunks(array, shown_address(child_address(bare.address, path)))
        if len(source.shape) != len(template.axes) or (self.label and source.dtype.kind not in "iub"):
            raise FormatError("The field has other axes or pixels", bare.address, "open it by itself", key=path)
        metadata = inferred(template, source, group, bare.address)
        check_placeable(metadata, self._first_image())
        if len(metadata.warnings) > len(template.warnings):
            raise FormatError("The field is unlike the first", bare.address, "open it by itself", key=path)
        if key not in self._known:
            levels = array_levels([ChunkedArray(source)], self.loader)
            self._put(key, FieldImage(metadata, levels, complete=own and len(metadata.levels) == 1))

    async def _read_full(self, key: FieldKey) -> FieldImage | None:
        fields = await self._well(key[0])
        known = self._known.get(key)
        if key[1] >= len(fields):
            return self._put(key, None)
        if key in self._known and (known is None or known.complete):
            return known
        place = self._place(key)
        try:
            arrays = await self._read_arrays(place)
        except NotFound:
            return self._put(key, None)
        check_placeable(arrays.metadata, self._first_image())
        sources = [ZarrChunks(array, shown_address(self._address(place))) for array in arrays.arrays]
        return self._put(key, self._complete(arrays.metadata, sources, self._known.get(key)))

    async def _read_arrays(self, place: str) -> ImageArrays:
        if not self.label:
            return await read_image(await self.plate.group(place), labels=self._template is None)
        return await read_label(self._bare(place.removesuffix(f"/labels/{self.label}")), self.label)

    def _first_image(self) -> ImageMetadata | None:
        """Return the field that all others are laid out beside, also where these are label images."""
        return (self._images or self)._template  # noqa: SLF001 - the same class

    def _bare(self, place: str) -> Group:
        """Return a group below the plate's without asking for its attributes."""
        return replace(self.plate, path=_join(self.plate.path, place), attributes={}, address=self._address(place))

    def _put(self, key: FieldKey, image: FieldImage | None) -> FieldImage | None:
        self._known[key] = image
        self.changed.emit()
        return image

    def _complete(self, metadata: ImageMetadata, sources: list[ZarrChunks], known: FieldImage | None) -> FieldImage:
        chunked = [ChunkedArray(source) for source in sources]
        if known is not None and known.metadata.levels[-1].path == metadata.levels[-1].path:
            chunked[-1] = known.levels[-1].array  # its chunks are in the cache under this name
        return FieldImage(metadata, array_levels(chunked, self.loader), complete=True)

    async def _read_all(self, keys: list[FieldKey]) -> dict[FieldKey, FieldImage | None]:
        async def read(key: FieldKey) -> FieldImage | None:
            async with self._turn:
                return await self._full(key)

        images = await asyncio.gather(*(read(key) for key in keys))
        return dict(zip(keys, images, strict=True))

    async def _read_everything(self) -> None:
        async def read(key: FieldKey) -> None:
            async with self._turn:
                try:
                    await self._full(key)
                except FormatError as error:
                    self.problems[f"{key[0]}/{key[1]}"] = error

        await self.sweep()
        for problem in self.problems.values():
            if not isinstance(problem, NotFound | FormatError):
                raise problem
        keys = [(path, index) for path, fields in list(self.fields.items()) for index in range(len(fields))]
        await asyncio.gather(*(read(key) for key in keys))

    async def _full(self, key: FieldKey) -> FieldImage | None:
        image: FieldImage | None = await self._once(("full", key), self._read_full(key))
        return image

    async def _once(self, name: Any, coroutine: Any) -> Any:
        """Run a coroutine under a name, once however many ask; a failure may be tried again."""
        task = self._tasks.get(name)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = self._tasks[name] = asyncio.ensure_future(coroutine)
        else:
            coroutine.close()
        return await asyncio.shield(task)

    async def _read_quietly(self, key: FieldKey, complete: bool) -> None:
        """Read a field; what fails is noted, not raised, and not asked for again at once."""
        clock = asyncio.get_running_loop().time
        try:
            if clock() >= self._not_before.get(key, 0.0):
                async with self._turn:
                    await self._read_for_display(key, complete)
        except NapariIdrError as error:
            self.problems[f"{key[0]}/{key[1]}"] = error
            self._not_before[key] = clock() + RETRY_SECONDS
            self.changed.emit()
        finally:
            self._asked.discard((key, complete))

    async def _read_for_display(self, key: FieldKey, complete: bool) -> None:
        if complete or self._template is None:
            await self._full(key)
        else:
            fields = await self._well(key[0])
            await self._glance(key, alone=len(fields) == 1)

    def _address(self, place: str) -> str:
        return child_address(self.plate.address, place)


def _join(*parts: str) -> str:
    return "/".join(part for part in parts if part)
