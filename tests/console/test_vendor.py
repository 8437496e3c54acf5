"""Vendored files are the locked ones, and their licences are there."""

import shutil
from pathlib import Path

import pytest

from console import vendor


def test_every_file_is_the_locked_one() -> None:
    assert vendor.complaints() == []


def test_changed_missing_and_added_files_are_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = shutil.copytree(vendor.FOLDER, tmp_path / "vendor")
    monkeypatch.setattr(vendor, "FOLDER", copy)
    monkeypatch.setattr(vendor, "LOCK", copy / vendor.LOCK.name)
    assert vendor.complaints() == []
    (copy / "htmx-2.0.11" / "htmx.min.js").write_text("evil()")
    (copy / "htmx-2.0.11" / "more.js").write_text("evil()")
    (copy / "tabler-icons-3.51.0" / "icons.svg").unlink()
    assert vendor.complaints() == [
        "tabler-icons-3.51.0/icons.svg: missing",
        "htmx-2.0.11/more.js: not in the lock",
        "htmx-2.0.11/htmx.min.js: differs from the lock",
    ]


def test_every_package_has_its_licence() -> None:
    licences = (vendor.FOLDER / "LICENSES.txt").read_text()
    for package in vendor.PACKAGES:
        assert f" {package.version}" in licences
