"""Key-values with where they hang, links and ontology terms."""

from __future__ import annotations

import pytest

from napari_idr.formats.identifier_links import identifier_link
from napari_idr.formats.labelled_values import group_of, label_values
from napari_idr.formats.omero_annotations import MapAnnotation, split_link
from napari_idr.formats.study_facts import study_facts
from napari_idr.model.labelled_values import LabelledValue, Place

MAPR = "openmicroscopy.org/mapr/"
CMPO = "http://www.ebi.ac.uk/cmpo/"


def on(kind: str, *pairs: tuple[str, str], namespace: str = "", name: str = "") -> MapAnnotation:
    return MapAnnotation(kind, "1", namespace, pairs, name)


def by_key(*annotations: MapAnnotation) -> dict[str, LabelledValue]:
    return {one.key: one for one in label_values(annotations)}


def test_a_statement_at_image_and_well_is_one_with_two_places() -> None:
    pair = ("Organism", "Homo sapiens")
    (found,) = label_values([on("WellI", pair), on("ImageI", pair, name="x.tif")])
    assert found.places == (Place("image", "x.tif"), Place("well"))
    assert found.where == "image, well"


def test_what_hangs_nearest_comes_first() -> None:
    found = label_values(
        [
            on("ScreenI", ("Study Title", "T")),
            on("PlateI", ("Batch", "7")),
            on("WellI", ("Gene", "g")),
            on("ImageI", ("N", "1")),
        ]
    )
    assert [one.where for one in found] == ["image", "well", "plate", "screen"]


def test_keys_repeat_and_differ_in_case_but_a_statement_is_said_once() -> None:
    found = label_values([on("WellI", ("Phenotype", "big"), ("phenotype", "big"), ("Phenotype", "round"))])
    assert [(one.key, one.value) for one in found] == [("Phenotype", "big"), ("Phenotype", "round")]


def test_a_phenotype_is_a_term_with_accession_and_link() -> None:
    found = by_key(
        on(
            "WellI",
            ("Phenotype", "mitotic arrest"),
            ("Phenotype Term Name", "M phase arrested phenotype"),
            ("Phenotype Term Accession", "CMPO_0000196"),
            ("Phenotype Term Accession URL", f"{CMPO}CMPO_0000196"),
            namespace=f"{MAPR}phenotype",
        )
    )
    assert list(found) == ["Phenotype", "Phenotype Term Name"]
    term = found["Phenotype Term Name"]
    assert (term.accession, term.link, term.group) == ("CMPO_0000196", f"{CMPO}CMPO_0000196", "Phenotype")


@pytest.mark.parametrize("apart", [True, False])
def test_several_terms_of_one_annotation_keep_their_own_accessions(apart: bool) -> None:
    names = [("T Name", "one"), ("T Name", "two")]
    terms = [("T Accession", "CMPO_0000001"), ("T Accession", "CMPO_0000002")]
    pairs = [*names, *terms] if apart else [names[0], terms[0], names[1], terms[1]]
    found = label_values([on("WellI", *pairs)])
    assert [(one.value, one.accession) for one in found] == [("one", "CMPO_0000001"), ("two", "CMPO_0000002")]


def test_a_term_without_accession_does_not_take_the_next_ones() -> None:
    found = label_values([on("WellI", ("T Name", "none"), ("T Name", "two"), ("T Accession", "CMPO_0000002"))])
    assert [(one.value, one.accession) for one in found] == [("none", ""), ("two", "CMPO_0000002")]


def test_an_accession_without_a_label_stays_with_its_link() -> None:
    (found,) = label_values([on("WellI", ("Phenotype Term Accession", "CMPO_0000118"))])
    assert (found.value, found.accession, found.link) == ("CMPO_0000118", "CMPO_0000118", f"{CMPO}CMPO_0000118")


def test_an_address_belongs_to_the_row_before_it() -> None:
    gene = ("Gene Identifier", "ENSG00000138160"), ("Gene Identifier URL", "http://www.ensembl.org/id/ENSG00000138160")
    found = by_key(on("WellI", *gene, ("Gene Symbol", "KIF11"), namespace=f"{MAPR}gene"))
    assert list(found) == ["Gene Identifier", "Gene Symbol"]
    assert found["Gene Identifier"].link == "http://www.ensembl.org/id/ENSG00000138160"
    assert found["Gene Symbol"].link == ""


def test_an_address_without_an_owner_is_a_row_that_opens() -> None:
    (found,) = label_values([on("ImageI", ("Notebook URL", "https://x.org/a"))])
    assert (found.key, found.value, found.link) == ("Notebook URL", "https://x.org/a", "https://x.org/a")


def test_study_values_are_text_and_link() -> None:
    found = by_key(
        on("ScreenI", ("License", "CC BY 4.0 https://c.org/by/4.0/"), namespace="idr.openmicroscopy.org/study/info")
    )
    assert (found["License"].value, found["License"].link) == ("CC BY 4.0", "https://c.org/by/4.0/")
    assert found["License"].group == "Study"


def test_annotations_of_other_things_are_left_out() -> None:
    assert label_values([on("RoiI", ("a", "b"))]) == ()


@pytest.mark.parametrize(
    ("value", "text", "link"),
    [
        ("CC0 https://x.org/0/", "CC0", "https://x.org/0/"),
        ("see https://x.org/a, then go on", "see https://x.org/a, then go on", "https://x.org/a"),
        ("(https://x.org/a)", "(https://x.org/a)", "https://x.org/a"),
        ("https://en.org/wiki/Cell_(biology)", "", "https://en.org/wiki/Cell_(biology)"),
        ("no link: ftp://x.org", "no link: ftp://x.org", ""),
        ("javascript:alert('https')", "javascript:alert('https')", ""),
        ("שלום 🧬 https://x.org/é", "שלום 🧬", "https://x.org/é"),
        ("", "", ""),
    ],
)
def test_addresses_in_values(value: str, text: str, link: str) -> None:
    assert split_link(value) == (text, link)


@pytest.mark.parametrize(
    ("key", "value", "link"),
    [
        ("Gene Identifier", "ENSMUSG00000012443", "https://www.ensembl.org/id/ENSMUSG00000012443"),
        ("Gene Identifier", "12345", ""),
        ("Entrez Gene", "12345", "https://www.ncbi.nlm.nih.gov/gene/12345"),
        ("Compound PubChem CID", "4122", "https://pubchem.ncbi.nlm.nih.gov/compound/4122"),
        ("Organism Term Accession", "NCBITaxon_9606", "http://purl.obolibrary.org/obo/NCBITaxon_9606"),
        ("Cell Type Accession", "EFO_0001185", "http://www.ebi.ac.uk/efo/EFO_0001185"),
        ("Plate", "HT_0001234", ""),
        ("Data DOI", "10.17867/10000101", "https://doi.org/10.17867/10000101"),
        ("DOI", "10.1/../../evil", ""),
    ],
)
def test_identifiers_that_stand_alone(key: str, value: str, link: str) -> None:
    assert identifier_link(key, value) == link


@pytest.mark.parametrize(
    ("namespace", "group"),
    [(f"{MAPR}gene", "Gene"), (f"{MAPR}gene/supplementary", "Gene"), (f"{MAPR}new", ""), ("x/gene", ""), ("", "")],
)
def test_groups_come_from_namespaces(namespace: str, group: str) -> None:
    assert group_of(namespace) == group


def test_facts_of_a_study_count_keys_without_case_and_once() -> None:
    facts = study_facts(
        [
            ("organism", "Homo sapiens"),
            ("Organism", "homo sapiens"),
            ("ORGANISM", "Mus musculus"),
            ("License", "CC BY 4.0 https://c.org/by/"),
            ("Publication DOI", "10.1091/mbc https://doi.org/10.1091/mbc"),
            ("Release Date", "2019-06-04"),
            ("Release Date", "2016-05-26"),
            ("Sample Type", "Cell"),
            ("Data DOI", "https://doi.org/10.17867/1"),
        ],
        ["", "Publication Title\nA title.\n\nScreen Description\nText"],
    )
    assert facts.organisms == ("Homo sapiens", "Mus musculus")
    assert (facts.licences, facts.publication_doi, facts.data_doi) == (("CC BY 4.0",), "10.1091/mbc", "10.17867/1")
    assert (facts.release_date, facts.sample_types, facts.title) == ("2016-05-26", ("cell",), "A title.")
