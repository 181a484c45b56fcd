"""What was read in a wrong encoding is told where the text shows it, and nothing else is."""

import pytest

from gosales_resources.settings.inputs import FileSource
from gosales_resources.sources.files import open_inputs
from gosales_resources.sources.odd_text import OddText, describe_odd, looks_odd

NAMES = ["Müller", "Łódź", "Москва", "Škoda “Ž”", "Größe", "São Tomé", "naïve café"]


WRITTEN = [
    ("cp1252", "Müller"), ("cp1252", "Škoda “Ž”"), ("cp1252", "São Tomé"), ("cp1250", "Łódź"),
    ("cp1250", "Größe"), ("cp1251", "Москва"), ("latin1", "naïve café"), ("mac-roman", "Größe"),
    ("gb18030", "目"), ("utf-16-le", "䄀"), ("cp932", "東京"),
]  # fmt: skip


@pytest.mark.parametrize(("encoding", "name"), WRITTEN)
def test_what_is_read_as_it_was_written_is_not_odd(name, encoding):
    assert not looks_odd(name.encode(encoding).decode(encoding), encoding)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("encoding", ["latin1", "mac-roman", "cp437"])
def test_utf8_that_is_read_in_a_code_page_is_odd(name, encoding):
    assert looks_odd(name.encode().decode(encoding), encoding)


def found(tmp_path, content: bytes, encoding: str) -> set[str]:
    (tmp_path / "log.csv").write_bytes(content)
    (raw,) = open_inputs(FileSource(path="log.csv", encoding=encoding), tmp_path)
    odd = OddText(encoding)
    for block in raw.blocks():
        list(odd.watched(block.read()))
    return odd.found


def test_windows_quotes_read_in_latin1_are_told_with_what_to_do(tmp_path):
    content = "id,name\n1,“Ace” Ltd\n2,Müller\n3,plain\n".encode("cp1252")
    odd = found(tmp_path, content, "latin1")
    assert odd == {"\x93Ace\x94 Ltd"}
    told = describe_odd(odd, "latin1")
    assert told.startswith("1 different text(s) look wrong in encoding latin1, such as")
    assert told.endswith("set it to the one that it was written in")


def test_utf8_read_in_a_code_page_is_told_to_be_utf8(tmp_path):
    odd = found(tmp_path, "id,name\n1,Müller\n2,Zoë\n".encode(), "cp1252")
    assert odd == {"MÃ¼ller", "ZoÃ«"}
    assert describe_odd(odd, "cp1252").endswith("set it to utf8 (it is valid UTF-8)")
    assert found(tmp_path, "id,name\n1,Müller\n".encode(), "utf8") == set()
