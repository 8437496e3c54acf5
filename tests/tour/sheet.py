"""The contact sheet: all pictures on one page, and a small one of them for docs/."""

from html import escape
from pathlib import Path

from playwright.sync_api import Browser

SMALL = Path(__file__).resolve().parents[2] / "docs" / "images" / "console-pages.jpg"
_STYLE = """
body { margin: 0; padding: 12px; background: #d9d9d2; font: 11px/14px sans-serif; }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(220px, 1fr)); gap: 10px; }
figure { margin: 0; }
a { display: block; height: 138px; overflow: hidden; background: #fff; }
img { width: 100%; display: block; }
figcaption { padding-top: 3px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
"""
_MAX_BYTES = 600_000


def write_sheet(browser: Browser, folder: Path) -> None:
    """`index.html` in the folder leads to every picture; docs/ gets a small one of some."""
    everything = sorted(path.name for path in folder.glob("*.png"))
    (folder / "index.html").write_text(_document(everything))
    small = folder / "small.html"
    small.write_text(_document(_chosen(everything)))
    page = browser.new_page(viewport={"width": 1640, "height": 900})
    page.goto(small.as_uri())
    for quality in (70, 55, 40):
        page.screenshot(path=SMALL, full_page=True, type="jpeg", quality=quality)
        if SMALL.stat().st_size < _MAX_BYTES:
            break
    page.close()


def _chosen(names: list[str]) -> list[str]:
    """Pages of the owner and of strangers, by turns in the light and in the dark."""
    wide = [name for name in names if name.endswith("-light-1440.png")]
    wide = [name for name in wide if not name.startswith("viewer-") and "-empty-" not in name]
    return [
        name if number % 2 == 0 else name.replace("-light-", "-dark-")
        for number, name in enumerate(wide)
    ]


def _document(names: list[str]) -> str:
    figures = "".join(
        f'<figure><a href="{escape(name)}"><img src="{escape(name)}" alt="" loading="eager"></a>'
        f"<figcaption>{escape(name.removesuffix('.png'))}</figcaption></figure>"
        for name in names
    )
    return f"<!doctype html><title>Stonepine</title><style>{_STYLE}</style><main>{figures}</main>"
