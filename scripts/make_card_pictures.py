"""Make the pictures of the cards on the start page: ``python scripts/make_card_pictures.py``."""

from __future__ import annotations

import io
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

from PIL import Image

from napari_idr.demo.content import ensure_content
from napari_idr.demo.content_catalogue import MOVIE_PATH, PLATE_PATH, SLIDE_PATH
from napari_idr.model.image import ImageReference
from napari_idr.readers.thumbnails import render_thumbnail
from napari_idr.session import Session

SIZE = (280, 168)
"""Twice what a card shows at 300 pixels of width, for fine screens."""
WELLS = tuple(f"{row}/{column}" for row in "ABC" for column in (1, 3, 5, 7, 9))
TINY = ("A/1", "A/2", "A/3", "B/1", "B/2", "B/3")


def main() -> None:
    """Render, cut and save all four."""
    content = ensure_content()
    pictures = Path(str(files("napari_idr") / "widgets" / "pictures"))
    pictures.mkdir(exist_ok=True)
    archive = ZipFile(str(files("napari_idr") / "data" / "tiny-plate.ozx"))
    with Session() as session, TemporaryDirectory() as tiny, archive:
        archive.extractall(tiny)
        plate = mosaic([render(session, f"{content / PLATE_PATH}/{well}/0", 56) for well in WELLS], columns=5)
        save(plate, pictures / "plate.jpg")
        save(render(session, str(content / SLIDE_PATH), 512), pictures / "slide.jpg")
        save(render(session, str(content / MOVIE_PATH), 512), pictures / "movie.jpg")
        save(mosaic([render(session, f"{tiny}/{well}/0", 93) for well in TINY], columns=3), pictures / "tiny.jpg")


def render(session: Session, source: str, size: int) -> Image.Image:
    """Return an image as its file's colours and limits show it."""
    pyramid = session.open_image(ImageReference(repository="", accession="", image_id=source, source=source))
    return Image.open(io.BytesIO(render_thumbnail(pyramid, size))).convert("RGB")


def mosaic(tiles: list[Image.Image], columns: int) -> Image.Image:
    """Return tiles side by side, a pixel apart, each cut to a square."""
    side = min(min(tile.size) for tile in tiles)
    rows = len(tiles) // columns
    picture = Image.new("RGB", (columns * side, rows * side))
    for place, tile in enumerate(tiles):
        at = (place % columns * side, place // columns * side)
        picture.paste(tile.crop((0, 0, side - 1, side - 1)), at)
    return picture


def save(picture: Image.Image, file: Path) -> None:
    """Save the middle of a picture, in the proportions of a card."""
    scale = max(SIZE[0] / picture.width, SIZE[1] / picture.height)
    picture = picture.resize((round(picture.width * scale), round(picture.height * scale)), Image.Resampling.LANCZOS)
    left, top = (picture.width - SIZE[0]) // 2, (picture.height - SIZE[1]) // 2
    picture.crop((left, top, left + SIZE[0], top + SIZE[1])).save(file, quality=85)
    print(file, file.stat().st_size)


if __name__ == "__main__":
    main()
