"""Annotation tables of the IDR, by the rules its curators' scripts have, written down apart from the product's own."""

import csv
import io
import os
import re
import sys
from pathlib import Path

with (Path(os.environ["NAPARI_IDR_SAMPLES"]) / "cmpo_terms.tsv").open(encoding="utf-8") as file:
    LABELS = {row["accession"]: row["label"] for row in csv.DictReader(file, delimiter="\t")}


def _problems(data):
    if data.startswith(b"\xef\xbb\xbf") or b"\r" in data:
        yield "byte order mark or carriage return"
    header, *rows = csv.reader(io.StringIO(data.decode("utf-8")))
    if len(set(header)) != len(header) or {len(row) for row in rows} != {len(header)}:
        yield "columns"
    if any(cell != cell.strip() for row in (header, *rows) for cell in row):
        yield "spaces"
    keys = ("Plate", "Well") if "Plate" in header else ("Dataset Name", "Image Name")
    found = [tuple(row[header.index(key)] for key in keys) for row in rows]
    if len(set(found)) != len(found):
        yield "duplicate key"
    for row in rows:
        yield from _phenotype_problems(dict(zip(header, row, strict=True)))


def _phenotype_problems(row):
    columns = [name for name in row if re.fullmatch(r"Phenotype \d+", name)]
    if (row.get("Has Phenotype") == "yes") != any(row[name] for name in columns):
        yield "Has Phenotype"
    for column in columns:
        for suffix in ("", " a", " b"):
            name, accession = row.get(f"{column} Term Name{suffix}"), row.get(f"{column} Term Accession{suffix}")
            if bool(name) != bool(accession):
                yield "partial triple"
            if accession and accession.startswith("CMPO_") and LABELS.get(accession) != name:
                yield f"{accession} is not {name}"


for path in sys.argv[1:]:
    for problem in _problems(Path(path).read_bytes()):
        print(f"{path}: {problem}")
