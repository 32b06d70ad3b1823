"""The validators themselves: they pass what others made right, and see what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from validate.validators import run_validator, samples

if TYPE_CHECKING:
    from pathlib import Path


def test_the_schema_passes_what_others_wrote_and_sees_a_wrong_document(tmp_path: Path) -> None:
    right = samples() / "generated" / "B1_C1.rois.ome.xml"
    wrong = tmp_path / "wrong.ome.xml"
    wrong.write_text(right.read_text(encoding="utf-8").replace(' Width="', ' Breadth="'), encoding="utf-8")
    found = run_validator("ome_xsd", right, wrong)
    assert len(found) == 1
    assert "wrong.ome.xml" in found[0]
