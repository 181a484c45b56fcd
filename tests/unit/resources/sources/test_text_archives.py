"""Packed text: an archive is read to its end, or is an error that says how far it was good."""

import bz2
import gzip

import pytest

from gosales_resources.errors import SourceError
from tests.worlds.text_files import PACKERS, log_bytes, read_rows


@pytest.mark.parametrize("packed", [".gz", ".zst"])
def test_an_archive_cut_anywhere_is_an_error_and_never_fewer_rows(tmp_path, packed):
    content = PACKERS[packed](log_bytes(1_500))
    path = tmp_path / f"cut.csv{packed}"
    for length in range(0, len(content), max(1, len(content) // 150)):
        path.write_bytes(content[:length])
        with pytest.raises(SourceError, match=r"cut\.csv"):
            read_rows(path)
    for length in range(len(content) - 12, len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(SourceError, match="cannot be read to its end"):
            read_rows(path)


# As the zstd program writes it, with a check sum: a header and 12 rows `n,n<n*n>,1`. Arrow's own
# writer leaves the check sum out, and then damage inside the data cannot be noticed.
CHECKED_ZST = bytes.fromhex(
    "28b52ffd246f5d0200f2c61115a037c3017011a200e2ffe5a8d9ee25ade27f6d8502da89e76b4b7996b51f13d19a"
    "330f2d6226407b8a79b406310ded791a2d320bad9984f6b9b6cc22c30e4921e0c0904c012100db259bc0"
)

TWELVE = "id,note,amount\n" + "".join(f"{n},n{n * n},1\n" for n in range(12))


@pytest.mark.parametrize(
    ("packed", "content"),
    [(".gz", gzip.compress(TWELVE.encode())), (".zst", CHECKED_ZST)],
    ids=["gz", "zst"],
)
def test_an_archive_with_a_wrong_byte_is_an_error_or_every_row(tmp_path, packed, content):
    path = tmp_path / f"damaged.csv{packed}"
    path.write_bytes(content)
    whole, refused = read_rows(path), 0
    for at in range(len(content)):
        path.write_bytes(content[:at] + bytes([content[at] ^ 0x5A]) + content[at + 1 :])
        try:
            assert read_rows(path) == whole
        except SourceError as error:
            refused += "damaged.csv" in str(error)
    # A few bytes say nothing of the data: time, name, operating system.
    assert refused > len(content) - 12


def test_a_damaged_archive_says_where(tmp_path):
    content = gzip.compress(log_bytes(200_000))
    path = tmp_path / "damaged.csv.gz"
    path.write_bytes(content[: len(content) // 2] + b"!!!!" + content[len(content) // 2 + 4 :])
    with pytest.raises(SourceError, match=r"damaged\.csv.*about row [\d,]+\).*deliver it again"):
        read_rows(path)


@pytest.mark.parametrize("packed", [".gz", ".zst"])
def test_several_members_are_one_file(tmp_path, packed):
    content = log_bytes(900)
    path = tmp_path / f"members.csv{packed}"
    pack = PACKERS[packed]
    path.write_bytes(pack(content[:5_000]) + pack(content[5_000:5_001]) + pack(content[5_001:]))
    assert len(read_rows(path)[1]) == 900
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(SourceError, match="members"):
        read_rows(path)


def test_something_else_under_the_name_of_an_archive_is_an_error(tmp_path):
    for packed in (".gz", ".zst"):
        path = tmp_path / f"other.csv{packed}"
        path.write_bytes(bz2.compress(log_bytes(10)))
        with pytest.raises(SourceError, match="cannot be read to its end"):
            read_rows(path)
