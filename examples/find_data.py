"""Look through the studies of a repository, search by gene and phenotype, see what hangs where."""

from __future__ import annotations

from repository import repository

from napari_idr.model.catalog import Study
from napari_idr.model.study_list import citation, facets, filter_studies
from napari_idr.session import Session


def main(address: str) -> None:
    with Session() as session:
        archive = session.add_repository(address)
        studies = session.children(archive.root()).nodes
        for organism in facets(studies)["organism"]:
            print(f"{organism.value}: {organism.count} studies")
        for study in filter_studies(studies, "mitosis"):
            print(citation(study) if isinstance(study, Study) else study.name)

        for group in archive.finder.suggest("kif").groups:
            print(f"{group.label}: {', '.join(f'{one.value} ({one.count} images)' for one in group.suggestions)}")
        found = archive.finder.find("Gene Symbol = KIF11 OR Phenotype ~ arrest")
        print(f"{found.image_count} images in {len(found.studies)} studies")
        for container in (node for hits in found.studies for node in hits.containers):
            for group in archive.finder.hits(found.query, container).groups:
                print(f"    {group.node.name}: {', '.join(well.name for well in group.members)}")
                for one in session.describe(group.members[0]).labelled:
                    print(f"        {one.key}: {one.value} ({one.where}) {one.link}")


if __name__ == "__main__":
    with repository() as where:
        main(where)
