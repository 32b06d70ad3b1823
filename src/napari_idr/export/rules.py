"""The 25 checks by name: what each is about, and what goes wrong at the archive where it is broken.

Where two would say the same thing, one speaks, in this order: P04 (not a number) before P05 (no such plane) before P07
(no extent) before P06 (no valid outline) before P03 (outside the image). In a file, P20 (mask bytes) speaks before P22
(schema), and P17 (no source image) before P22. A negative vertex is P03 in a drawing, where it can be clipped, and P04
in the text of a file, where OMERO would read it without its sign.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """One check."""

    id: str
    title: str
    why: str
    """What would go wrong if nobody looked."""


RULES: dict[str, Rule] = {
    rule.id: rule
    for rule in (
        Rule("P01", "The image is still the one that was annotated", "coordinates would lie on another image"),
        Rule("P02", "Images of a plate name plate, well and field", "the archive could not tell which image is meant"),
        Rule("P03", "Shapes lie inside their image", "OMERO drops the sign of negative coordinates"),
        Rule("P04", "Numbers are plain numbers", "OMERO reads other numbers wrongly, without an error"),
        Rule("P05", "Planes exist", "the object would be shown nowhere, or on another plane"),
        Rule("P06", "Outlines are valid polygons", "areas and overlaps of such an outline are undefined"),
        Rule("P07", "Rectangles and ellipses have an extent", "the object would cover nothing"),
        Rule("P08", "Label images fit their image", "labels would be read on the wrong pixels, or refused"),
        Rule("P09", "Labels and their rows belong together", "pixels without a row have no meaning, rows no place"),
        Rule("P10", "Labels are in one piece, inside and apart", "it often is a slip of the brush"),
        Rule("P11", "Names, ids and values are unique", "rows of the tables could not be told apart"),
        Rule("P12", "Phenotypes and terms agree with the ontology", "the phenotype would not be found in a search"),
        Rule("P13", "The ontology is known here", "the label could not be compared with the ontology's"),
        Rule("P14", "Pixels have a physical size", "sizes and distances would be measured in unknown units"),
        Rule("P15", "Columns and cells can be written", "a table with such a column is read wrongly or refused"),
        Rule("P16", "File names are accepted", "the BioImage Archive refuses such a file name"),
        Rule("P17", "The file list names each source image", "the archive could not link annotations and images"),
        Rule("P18", "The annotation type is one the archives know", "the BioImage Archive refuses any other"),
        Rule("P19", "Who, how, when and under which licence is stated", "the archive would ask, and wait"),
        Rule("P20", "Masks hold one bit per pixel", "OMERO shows such a mask scrambled"),
        Rule("P21", "What was written reads back the same", "the file would not say what was drawn"),
        Rule("P22", "Files keep to their schemas and checksums", "a curator's software would refuse the file"),
        Rule("P23", "Texts name no patient, address or private folder", "it would be published"),
        Rule("P24", "Objects are not in the archive already", "it would be there twice"),
        Rule("P25", "Columns that the target requires are filled", "the archive requires the column"),
    )
}
