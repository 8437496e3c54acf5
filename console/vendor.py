"""The browser assets of others: which files, of which version, and that they are what was locked.

`python -m console.vendor check` compares every vendored file with `vendor.lock.json`;
`python -m console.vendor pack` fetches the packages with `npm pack` and writes files and lock anew.
Who runs Stonepine needs neither Node nor npm.
"""

import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "static" / "vendor"
LOCK = FOLDER / "vendor.lock.json"
SPRITE = "icons.svg"


@dataclass(frozen=True, slots=True)
class Package:
    """One npm package: `files` maps the path in the package to our name for it."""

    npm_name: str
    name: str
    version: str
    licence: str
    files: dict[str, str]

    @property
    def folder(self) -> Path:
        return FOLDER / f"{self.name}-{self.version}"


ICONS = (
    "activity", "alert-circle", "alert-triangle", "arrow-left", "arrow-right", "ban", "bell",
    "bolt", "box", "brand-python", "building", "chart-dots", "check", "chevron-down",
    "chevron-right", "circle-check", "clipboard-check", "clock", "code", "copy", "database", "dots",
    "external-link", "eye", "file-text", "folder", "history", "info-circle", "key",
    "layout-dashboard", "lifebuoy", "lock", "lock-open", "login", "logout", "mail", "menu-2",
    "moon", "plus", "refresh", "ruler-measure", "search", "selector", "server", "settings",
    "shield-check", "sun", "tag", "terminal-2", "trash", "upload", "user", "users", "world", "x",
)  # fmt: skip


def _fonts(*names: str) -> dict[str, str]:
    return {f"files/{name}.woff2": f"{name}.woff2" for name in names}


PACKAGES = (
    Package("htmx.org", "htmx", "2.0.11", "0BSD", {"dist/htmx.min.js": "htmx.min.js"}),
    Package(
        "@alpinejs/csp", "alpinejs-csp", "3.17.4", "MIT", {"dist/cdn.min.js": "alpine-csp.min.js"}
    ),
    Package(
        "uplot",
        "uplot",
        "1.6.32",
        "MIT",
        {"dist/uPlot.iife.min.js": "uPlot.iife.min.js", "dist/uPlot.min.css": "uPlot.min.css"},
    ),
    Package(
        "@fontsource-variable/inter",
        "inter",
        "5.3.0",
        "OFL-1.1",
        _fonts("inter-latin-wght-normal", "inter-latin-ext-wght-normal"),
    ),
    Package(
        "@fontsource-variable/jetbrains-mono",
        "jetbrains-mono",
        "5.3.0",
        "OFL-1.1",
        _fonts("jetbrains-mono-latin-wght-normal"),
    ),
    Package(
        "@tabler/icons",
        "tabler-icons",
        "3.51.0",
        "MIT",
        {f"icons/outline/{icon}.svg": SPRITE for icon in ICONS},
    ),
)


def complaints() -> list[str]:
    """What differs from the lock: a changed, missing or unlisted file. Empty when all is well."""
    locked = {
        f"{entry['name']}-{entry['version']}/{file}": sha256
        for entry in json.loads(LOCK.read_text())
        for file, sha256 in entry["sha256"].items()
    }
    present = {
        str(path.relative_to(FOLDER)): _sha256(path)
        for path in FOLDER.glob("*/*")
        if path.is_file()
    }
    return [
        *(f"{name}: missing" for name in sorted(locked.keys() - present.keys())),
        *(f"{name}: not in the lock" for name in sorted(present.keys() - locked.keys())),
        *(
            f"{name}: differs from the lock"
            for name in sorted(locked.keys() & present.keys())
            if locked[name] != present[name]
        ),
    ]


def pack() -> None:
    """Fetch every package and write its files and the lock anew."""
    with tempfile.TemporaryDirectory() as scratch:
        for package in PACKAGES:
            _unpack(package, Path(scratch))
    LOCK.write_text(json.dumps([_lock_entry(package) for package in PACKAGES], indent=2) + "\n")


def _unpack(package: Package, scratch: Path) -> None:
    packed = subprocess.run(  # noqa: S603 - a fixed command over the table above
        ["npm", "pack", "--silent", f"{package.npm_name}@{package.version}"],  # noqa: S607 - npm is the developer's own
        cwd=scratch, check=True, capture_output=True, text=True,
    )  # fmt: skip
    package.folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(scratch / packed.stdout.strip()) as archive:
        contents = {path: _read(archive, f"package/{path}") for path in package.files}
    if SPRITE in package.files.values():
        (package.folder / SPRITE).write_text(_sprite(contents))
        return
    for path, content in contents.items():
        (package.folder / package.files[path]).write_bytes(content)


def _read(archive: tarfile.TarFile, path: str) -> bytes:
    member = archive.extractfile(path)
    if member is None:
        raise FileNotFoundError(path)
    return member.read()


def _sprite(icons: dict[str, bytes]) -> str:
    """One `<symbol>` an icon; stroke and size come from the page's `svg.ic`."""
    symbols = [
        f'<symbol id="{Path(path).stem}" viewBox="0 0 24 24">{_drawing(svg.decode())}</symbol>'
        for path, svg in icons.items()
    ]
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def _drawing(svg: str) -> str:
    paths = re.findall(r"<path [^>]*/>", svg)
    return "".join(path for path in paths if 'stroke="none"' not in path)


def _lock_entry(package: Package) -> dict[str, object]:
    names = sorted(set(package.files.values()))
    return {
        "name": package.name,
        "version": package.version,
        "source": f"npm:{package.npm_name}",
        "licence": package.licence,
        "sha256": {name: _sha256(package.folder / name) for name in names},
    }


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main(arguments: list[str]) -> int:
    """Exit status 1 when a file is not the locked one."""
    if arguments == ["pack"]:
        pack()
        return 0
    found = complaints()
    for complaint in found:
        sys.stderr.write(f"{complaint}\n")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
