"""Name an object by an ontology term, keep it with its history, and hand it over as one file."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from repository import first, repository

from napari_idr.model.annotation import Rectangle
from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject, new_uuid
from napari_idr.model.annotator import Annotator
from napari_idr.model.ontology import Phenotype
from napari_idr.session import Session
from napari_idr.settings import Settings
from napari_idr.workspace.autosave import Autosave
from napari_idr.workspace.changes import ObjectChange


def main(address: str, folder: Path) -> None:
    node = first(address, "image")
    image = AnnotatedImage(address=node.address, name=node.name, repository=node.repository, image_id=node.id)
    settings = Settings(data_dir=folder, ontologies=f"{address}ols4/")
    with Session(settings) as session, Autosave(session.workspace, Annotator("Ada Lovelace")) as autosave:
        kept = session.terms.prepare()[0]
        print(f"{kept.terms} terms of {kept.ontology} are kept")
        term = session.terms.kept("round c")[0].term

        drawn = AnnotatedObject(uuid=new_uuid(), shapes=(Rectangle(x=10, y=20, width=30, height=40),))
        named = replace(drawn, phenotypes=(Phenotype("rounded cells", term),))
        autosave.save(image, [ObjectChange(None, drawn)], why="drawn")
        autosave.flush()
        autosave.save(image, [ObjectChange(drawn, named)], why="named")
        autosave.flush()

        for event in session.workspace.history(image.key).events:
            print(f"    {event.who.name} {event.kind} {event.object} {event.why}")
        state = session.workspace.state(image.key)
        assert state is not None
        print(f"{state.image.name}: {state.objects[0].phenotypes}")
        print(session.workspace.export(folder / "monday.idrreview"))


if __name__ == "__main__":
    with repository() as where, tempfile.TemporaryDirectory() as scratch:
        main(where, Path(scratch))
