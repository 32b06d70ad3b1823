"""What is known of the fields of a plate: read as they are needed, few requests per well, never twice."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_idr.errors import FormatError, NapariIdrError, NotFound
from napari_idr.formats.ngff import ArrayInfo, parse_image
from napari_idr.remote.chunk_fetcher import ZarrChunks
from napari_idr.streaming.chunks import ChunkedArray
from napari_idr.streaming.pyramid import ArrayLevel, array_levels

from .ome_zarr import Group, read_image, read_well

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_idr.model.image import FieldInfo, ImageMetadata, WellInfo
    from napari_idr.streaming.loader import ChunkLoader
    from napari_idr.streaming.mosaic_layout import FieldKey

WELLS_AT_ONCE = 16


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
        self.problems: dict[str, NapariIdrError] = {}
        """What could not be read, by path of the well or field."""
        self.swept = False
        """True once the metadata of every well were read."""
        self._known: dict[FieldKey, FieldImage | None] = {}
        self._tasks: dict[Any, asyncio.Task[Any]] = {}
        self._template: ImageMetadata | None = None

    # -- from any thread

    def known(self, key: FieldKey) -> FieldImage | None:
        """Return what is known of a field, None while nothing is."""
        return self._known.get(key)

    def is_absent(self, key: FieldKey) -> bool:
        """Whether the field is listed but not there, or has no such label."""
        return key in self._known and self._known[key] is None

    def ask(self, key: FieldKey, complete: bool) -> None:
        """Ask for a field's metadata, for all of them or just enough to show it from afar; never waits."""
        self.loader.run(self._read_quietly(key, complete))

    def wait(self, keys: Iterable[FieldKey]) -> dict[FieldKey, FieldImage | None]:
        """Return all metadata of some fields. May block; raises what kept them from being read."""
        return self.loader.wait(self._read_all(list(keys)))

    def wait_all(self) -> None:
        """Read everything there is to know of all fields. May block."""
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
                    image = await self._once(("full", (well.path, index)), self._read_full((well.path, index)))
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
        gate = asyncio.Semaphore(WELLS_AT_ONCE)

        async def read(path: str) -> None:
            async with gate:
                await self._sweep_well(path)

        await asyncio.gather(*(read(path) for path in self.wells))
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
        result: tuple[FieldInfo, ...] = await self._once(("well", path), self._read_well(path))
        return result

    async def _read_well(self, path: str) -> tuple[FieldInfo, ...]:
        listed = self.wells[path].fields
        fields = listed if listed is not None else await read_well(await self.plate.group(path))
        shown = tuple(
            field for field in fields if self.acquisition is None or field.acquisition in (None, self.acquisition)
        )
        self.fields[path] = shown
        return shown

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
        if self.plate.documents is not None or template is None or self._has_position(template):
            await self._once(("full", key), self._read_full(key))
            return
        try:
            await self._once(("glance", key), self._read_coarsest(key, template, own=alone or bool(self.label)))
        except (NotFound, FormatError):
            await self._once(("full", key), self._read_full(key))

    @staticmethod
    def _has_position(template: ImageMetadata) -> bool:
        return any(template.levels[0].translation)

    async def _read_coarsest(self, key: FieldKey, template: ImageMetadata, *, own: bool) -> None:
        place = self._place(key)
        path = template.levels[-1].path
        bare = replace(self.plate, path=_join(self.plate.path, place), attributes={}, address=self._address(place))
        if own:
            group, array = await asyncio.gather(self.plate.group(place), bare.array(path))
        else:
            group, array = None, await bare.array(path)
        source = ZarrChunks(array, f"{bare.address}/{path}")
        if len(source.shape) != len(template.axes):
            raise FormatError("The field has other axes", bare.address, key=path)
        metadata = _inferred(template, source, group, bare.address)
        if key not in self._known:
            levels = array_levels([ChunkedArray(source)], self.loader)
            self._put(key, FieldImage(metadata, levels, complete=len(metadata.levels) == 1))

    async def _read_full(self, key: FieldKey) -> FieldImage | None:
        fields = await self._well(key[0])
        known = self._known.get(key)
        if key[1] >= len(fields):
            return self._put(key, None)
        if key in self._known and (known is None or known.complete):
            return known
        place = self._place(key)
        try:
            arrays = await read_image(await self.plate.group(place), labels=self._template is None and not self.label)
        except NotFound:
            return self._put(key, None)
        sources = [ZarrChunks(array, self._address(place)) for array in arrays.arrays]
        return self._put(key, self._complete(arrays.metadata, sources, self._known.get(key)))

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
        images = await asyncio.gather(*(self._once(("full", key), self._read_full(key)) for key in keys))
        return dict(zip(keys, images, strict=True))

    async def _read_everything(self) -> None:
        await self.sweep()
        await self._read_all([(path, index) for path, fields in self.fields.items() for index in range(len(fields))])
        for path, problem in self.problems.items():
            if not isinstance(problem, (NotFound, FormatError)):
                raise problem
            self.fields.setdefault(path, ())

    async def _once(self, name: Any, coroutine: Any) -> Any:
        """Run a coroutine under a name, once however many ask; a failure may be tried again."""
        task = self._tasks.get(name)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = self._tasks[name] = asyncio.ensure_future(coroutine)
        else:
            coroutine.close()
        return await asyncio.shield(task)

    async def _read_quietly(self, key: FieldKey, complete: bool) -> None:
        """Read a field; what fails is noted, not raised."""
        try:
            if complete or self._template is None:
                await self._once(("full", key), self._read_full(key))
            else:
                fields = await self._well(key[0])
                await self._glance(key, alone=len(fields) == 1)
        except NapariIdrError as error:
            self.problems[f"{key[0]}/{key[1]}"] = error
            self.changed.emit()

    def _address(self, place: str) -> str:
        return f"{self.plate.address.rstrip('/')}/{place}"


def _inferred(template: ImageMetadata, coarsest: ZarrChunks, group: Group | None, address: str) -> ImageMetadata:
    """Return the metadata of a field of which only the coarsest array is known, by likeness to another field."""
    last = template.levels[-1]
    arrays = [
        ArrayInfo(
            level.path,
            tuple(
                max(1, round(size * fine / coarse))
                for size, fine, coarse in zip(coarsest.shape, level.shape, last.shape, strict=True)
            ),
            level.chunks,
            str(coarsest.dtype),
        )
        for level in template.levels[:-1]
    ]
    arrays.append(ArrayInfo(last.path, coarsest.shape, coarsest.chunks, str(coarsest.dtype)))
    if group is not None:
        return parse_image(group.attributes, arrays, address=address)
    levels = tuple(
        replace(level, shape=array.shape, dtype=array.dtype)
        for level, array in zip(template.levels, arrays, strict=True)
    )
    return replace(template, address=address, levels=levels)


def _join(*parts: str) -> str:
    return "/".join(part for part in parts if part)
