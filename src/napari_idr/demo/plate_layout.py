"""What is in each well of the demonstration plate, and what it does to the cells.

Upper half: 40 genes knocked down, one per well. Lower half: four compounds, ten doses each. Column 1 holds the
untreated controls, column 12 the positive ones. Genes, compounds and ontology terms are real; effects are
made up after what is known of them, siRNA identifiers are placeholders.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from .fields import CellMix

if TYPE_CHECKING:
    from collections.abc import Iterator

Effect = Literal["arrest", "binuclear", "large", "death", "none"]

ROWS = "ABCDEFGH"
COLUMNS = 12
NOT_IMAGED = {"B4": "debris", "D9": "out of focus", "G6": "bubble", "H11": "out of focus"}
"""Wells that have annotations but no image, and why."""

MAPR = "openmicroscopy.org/mapr/"
BULK = "openmicroscopy.org/omero/bulk_annotations"

# Phenotype as the authors would call it, CMPO label, CMPO accession (CMPO release 1.11).
PHENOTYPES: dict[Effect, tuple[tuple[str, str, str], ...]] = {
    "arrest": (
        ("mitotic arrest", "M phase arrested phenotype", "CMPO_0000196"),
        ("rounded cells", "round cell phenotype", "CMPO_0000118"),
    ),
    "binuclear": (("two nuclei per cell", "binuclear cell phenotype", "CMPO_0000213"),),
    "large": (("large nuclei", "increased nucleus size phenotype", "CMPO_0000140"),),
    "death": (("apoptotic cells", "cell apoptosis phenotype", "CMPO_0000220"),),
    "none": (),
}

# Symbol, Ensembl identifier, effect of the knock-down and its strength (0-1).
GENES: tuple[tuple[str, str, Effect, float], ...] = (
    ("ACTB", "ENSG00000075624", "none", 0.0),
    ("ANLN", "ENSG00000011426", "binuclear", 0.75),
    ("KIF11", "ENSG00000138160", "arrest", 1.0),
    ("ASPM", "ENSG00000066279", "arrest", 0.2),
    ("AURKA", "ENSG00000087586", "arrest", 0.45),
    ("AURKB", "ENSG00000178999", "binuclear", 0.8),
    ("BIRC5", "ENSG00000089685", "binuclear", 0.55),
    ("BUB1", "ENSG00000169679", "none", 0.1),
    ("BUB1B", "ENSG00000156970", "large", 0.3),
    ("CCNA2", "ENSG00000145386", "large", 0.6),
    ("CCNB1", "ENSG00000134057", "large", 0.35),
    ("CDC20", "ENSG00000117399", "arrest", 0.7),
    ("CDC42", "ENSG00000070831", "none", 0.1),
    ("CDCA8", "ENSG00000134690", "binuclear", 0.5),
    ("CDK1", "ENSG00000170312", "large", 0.9),
    ("CENPE", "ENSG00000138778", "arrest", 0.4),
    ("CENPF", "ENSG00000117724", "none", 0.1),
    ("COPB1", "ENSG00000129083", "death", 0.95),
    ("DLGAP5", "ENSG00000126787", "arrest", 0.15),
    ("ECT2", "ENSG00000114346", "binuclear", 0.95),
    ("EGFR", "ENSG00000146648", "none", 0.0),
    ("ESPL1", "ENSG00000135476", "large", 0.5),
    ("GAPDH", "ENSG00000111640", "none", 0.0),
    ("INCENP", "ENSG00000149503", "binuclear", 0.65),
    ("KIF20A", "ENSG00000112984", "binuclear", 0.4),
    ("KIF23", "ENSG00000137807", "binuclear", 0.85),
    ("KIF2C", "ENSG00000142945", "none", 0.1),
    ("LMNA", "ENSG00000160789", "none", 0.0),
    ("MAD2L1", "ENSG00000164109", "none", 0.1),
    ("MYC", "ENSG00000136997", "none", 0.1),
    ("NDC80", "ENSG00000080986", "arrest", 0.6),
    ("NUF2", "ENSG00000143228", "arrest", 0.5),
    ("PCNA", "ENSG00000132646", "large", 0.7),
    ("PLK1", "ENSG00000166851", "arrest", 0.85),
    ("POLR2A", "ENSG00000181222", "death", 0.7),
    ("PRC1", "ENSG00000198901", "binuclear", 0.45),
    ("RACGAP1", "ENSG00000161800", "binuclear", 0.9),
    ("TOP2A", "ENSG00000131747", "large", 0.55),
    ("TP53", "ENSG00000141510", "none", 0.0),
    ("TPX2", "ENSG00000088325", "arrest", 0.65),
)

# Compound, effect, dose of half effect in micromolar.
COMPOUNDS: tuple[tuple[str, Effect, float], ...] = (
    ("nocodazole", "arrest", 0.08),
    ("cytochalasin D", "binuclear", 0.6),
    ("etoposide", "large", 1.5),
    ("staurosporine", "death", 0.25),
)
DOSES = tuple(0.001 * 10 ** (step / 2) for step in range(10))
"""Micromolar, in half-logarithmic steps."""


@dataclass(frozen=True, slots=True)
class Treatment:
    """What was done to a well."""

    row: int
    column: int
    effect: Effect
    strength: float
    gene: str = ""
    gene_identifier: str = ""
    compound: str = ""
    dose: float = 0.0
    """Micromolar."""
    control: str = ""

    @property
    def well(self) -> str:
        """Name of the well, ``"B3"``."""
        return f"{ROWS[self.row]}{self.column + 1}"

    def mix(self) -> CellMix:
        """Return the cells this treatment leaves."""
        s = self.strength
        if self.effect == "arrest":
            return CellMix(count=62 - 34 * s, mitotic=0.03 + 0.72 * s, apoptotic=0.01 + 0.06 * s)
        if self.effect == "binuclear":
            return CellMix(count=62 - 20 * s, binuclear=0.02 + 0.62 * s, large=0.03 + 0.22 * s)
        if self.effect == "large":
            return CellMix(count=62 - 36 * s, large=0.03 + 0.85 * s, mitotic=0.03 - 0.03 * s, dna=1 - 0.2 * s)
        if self.effect == "death":
            return CellMix(count=62 - 46 * s, apoptotic=0.01 + 0.65 * s, mitotic=0.02, tubulin=1 - 0.45 * s)
        return CellMix()


def layout(rows: int = 8, columns: int = COLUMNS) -> list[Treatment]:
    """Return the treatments of the first ``rows`` x ``columns`` wells, row by row."""
    genes, doses = iter(GENES), range(len(DOSES))
    treatments = list(_gene_half(genes))
    for row, (compound, effect, middle) in enumerate(COMPOUNDS, start=4):
        treatments.append(Treatment(row, 0, "none", 0.0, compound="DMSO", control="negative control"))
        treatments += [_dosed(row, step + 1, compound, effect, middle, DOSES[step]) for step in doses]
        treatments.append(replace(_dosed(row, 11, "monastrol", "arrest", 20.0, 100.0), control="positive control"))
    return [one for one in treatments if one.row < rows and one.column < columns]


def well_annotations(treatment: Treatment) -> list[dict[str, object]]:
    """Map annotations of a well as the IDR groups them: one per namespace, one per phenotype."""
    t = treatment
    groups = [(MAPR + "organism", [["Organism", "Homo sapiens"]]), (MAPR + "cell_line", [["Cell Line", "HeLa"]])]
    if t.gene:
        link = f"http://www.ensembl.org/id/{t.gene_identifier}"
        keys = ("Gene Identifier", t.gene_identifier), ("Gene Identifier URL", link), ("Gene Symbol", t.gene)
        groups.append((MAPR + "gene", [list(pair) for pair in keys]))
    if not t.compound:
        groups.append((MAPR + "sirna", [["siRNA Identifier", _sirna(t)]]))
    else:
        groups.append((MAPR + "compound", [["Compound Name", t.compound]]))
    for name, label, accession in _phenotypes(t):
        groups.append((MAPR + "phenotype", _phenotype(name, label, accession)))
    groups.append((BULK, _remainder(t)))
    return [{"ns": namespace, "values": values} for namespace, values in groups]


def _gene_half(genes: Iterator[tuple[str, str, Effect, float]]) -> Iterator[Treatment]:
    for row in range(4):
        yield Treatment(row, 0, "none", 0.0, control="negative control")
        for column in range(1, 11):
            symbol, identifier, effect, strength = next(genes)
            yield Treatment(row, column, effect, strength, gene=symbol, gene_identifier=identifier)
        yield Treatment(row, 11, "arrest", 0.95, "KIF11", "ENSG00000138160", control="positive control")


def _dosed(row: int, column: int, compound: str, effect: Effect, middle: float, dose: float) -> Treatment:
    strength = dose**1.6 / (dose**1.6 + middle**1.6)  # Hill curve
    return Treatment(row, column, effect, strength, compound=compound, dose=dose)


def _sirna(treatment: Treatment) -> str:
    return f"DEMO-si-{treatment.gene}" if treatment.gene else "DEMO-si-non-targeting"


def _phenotypes(treatment: Treatment) -> tuple[tuple[str, str, str], ...]:
    return PHENOTYPES[treatment.effect] if treatment.strength >= 0.25 else ()


def _phenotype(name: str, label: str, accession: str) -> list[list[str]]:
    return [
        ["Phenotype", name],
        ["Phenotype Term Name", label],
        ["Phenotype Term Accession", accession],
        ["Phenotype Term Accession URL", f"http://www.ebi.ac.uk/cmpo/{accession}"],
    ]


def _remainder(treatment: Treatment) -> list[list[str]]:
    pairs = [["Control Type", treatment.control]] if treatment.control else []
    if treatment.compound:
        pairs.append(["Dose (micromolar)", f"{treatment.dose:.3g}"])
    pairs.append(["Has Phenotype", "yes" if _phenotypes(treatment) else "no"])
    reason = NOT_IMAGED.get(treatment.well)
    pairs.append(["Quality Control", f"not imaged: {reason}" if reason else "pass"])
    pairs.append(["Channels", "DNA:nuclei;alpha-tubulin:microtubules;phospho-H3:mitotic chromatin"])
    return pairs
