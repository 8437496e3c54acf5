"""What the doctor reads of the machine."""

from pathlib import Path

import pytest

from cli.doctor import tell_of_mail, tell_of_swap
from cli.errors import SetupError
from kit.environment import Environment


@pytest.mark.parametrize(
    ("device", "kind", "is_told"),
    [("sdz9", None, True), ("dm-97", "LVM-abc", True), ("dm-98", "CRYPT-LUKS2-abc", False),
     ("zram9", None, False)],
)  # fmt: skip
def test_swap_in_the_clear_is_told(
    tmp_path: Path, device: str, kind: str | None, is_told: bool
) -> None:
    listing = tmp_path / "swaps"
    listing.write_text(f"Filename Type Size Used Priority\n/dev/{device} partition 1024 0 -2\n")
    if kind is not None:
        (tmp_path / device / "dm").mkdir(parents=True)
        (tmp_path / device / "dm" / "uuid").write_text(kind)
    assert (f"/dev/{device} is not encrypted" in tell_of_swap(listing, tmp_path)) is is_told


def test_mail_that_nobody_delivers_is_told_where_people_wait_for_it() -> None:
    assert "files in" in tell_of_mail(Environment())
    assert tell_of_mail(Environment(smtp_url="smtps://u:p@mail.example.com")) == (
        "delivered by mail.example.com"
    )
    with pytest.raises(SetupError, match="No mail is delivered"):
        tell_of_mail(Environment(sign_up=True))
