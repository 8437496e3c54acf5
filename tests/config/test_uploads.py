"""What strangers upload stays off the disk."""

import pytest
from django.core.files.uploadedfile import InMemoryUploadedFile, SimpleUploadedFile
from django.test import RequestFactory


@pytest.mark.parametrize(("size", "is_taken"), [(1_000, True), (3_000_000, False)])
def test_no_upload_becomes_a_temporary_file(size: int, is_taken: bool) -> None:
    upload = SimpleUploadedFile("metadata.xml", b"x" * size)
    files = RequestFactory().post("/", {"upload": upload}).FILES
    assert [type(file) for file in files.values()] == [InMemoryUploadedFile] * is_taken
