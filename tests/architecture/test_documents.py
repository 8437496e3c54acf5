"""What documents say is there is there: files and headings that they link to, tests they name."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
# Each claim of theirs stands beside what shows it.
OF_CLAIMS = [ROOT / "THREAT_MODEL.md", ROOT / "docs" / "asvs.md"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
        if "://" in target or target.startswith("mailto:"):
            continue
        name, _, heading = target.partition("#")
        path = (document.parent / name).resolve() if name else document
        assert path.exists(), f"{document.name} links to {target}"
        if heading:
            assert heading in headings(path), f"{document.name} links to {target}"


@pytest.mark.parametrize("document", OF_CLAIMS, ids=lambda path: path.name)
def test_every_test_that_is_named_exists(document: Path) -> None:
    named = re.findall(r"`(tests/[^`]+)`", document.read_text())
    assert len(named) > 30
    for one in named:
        name, _, function = one.partition("::")
        path = ROOT / name
        assert path.exists(), f"{document.name} names {one}"
        if function:
            assert f"def {function}(" in path.read_text(), f"{document.name} names {one}"
        elif path.is_file():
            assert "def test_" in path.read_text(), f"{one} holds no test"


@pytest.mark.parametrize("document", OF_CLAIMS, ids=lambda path: path.name)
def test_every_claim_names_its_test(document: Path) -> None:
    rows = [line for line in document.read_text().splitlines() if line.startswith("| ")]
    claims = [row for row in rows if row.count(" | ") == 2 and not row.endswith("| shown by |")]
    assert len(claims) > 20
    for row in claims:
        is_none = row.split(" | ")[1].startswith("–")
        assert is_none or "`tests/" in row or row.endswith("| tests |"), row


def headings(document: Path) -> set[str]:
    """As the links of common renderers name them."""
    found = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).strip().replace(" ", "-") for one in found}
