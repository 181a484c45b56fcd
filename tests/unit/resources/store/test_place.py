"""A place stores names whole or not at all, and replaces one only where nobody else did meanwhile."""

import threading

import pytest

from gosales_resources.store.place import Folder


@pytest.fixture
def place(tmp_path) -> Folder:
    return Folder(tmp_path)


def test_what_was_put_is_got_listed_and_removed(place):
    place.put("a/b/one", b"1", "test")
    place.put("a/b/two", b"22", "test")
    assert place.get("a/b/two") == b"22"
    assert place.list("a/b") == ["a/b/one", "a/b/two"]
    assert place.stat("a/b/two").size == 2
    place.remove("a/b/one")
    place.remove("a/b/one")
    assert place.list("a/b") == ["a/b/two"]
    assert place.stat("a/b/one") is None
    assert place.list("nowhere") == []


def test_a_write_that_fails_leaves_what_was_there(place):
    def half():
        with place.writing("one", "test") as path:
            path.write_bytes(b"new")
            raise ZeroDivisionError

    place.put("one", b"old", "test")
    with pytest.raises(ZeroDivisionError):
        half()
    assert place.get("one") == b"old"
    assert place.list(".") == ["./one"]


def test_a_replaced_name_has_another_stamp(place):
    place.put("one", b"1", "test")
    before = place.stat("one").stamp
    place.put("one", b"2", "test")
    assert place.stat("one").stamp != before


def test_a_conditional_put_goes_through_only_where_the_name_is_as_it_was_read(place):
    assert place.put_if("one", b"1", None, "test")
    assert not place.put_if("one", b"2", None, "test")
    stamp = place.stat("one").stamp
    assert place.put_if("one", b"2", stamp, "test")
    assert not place.put_if("one", b"3", stamp, "test")
    assert place.get("one") == b"2"


def test_of_many_who_replace_at_once_one_at_a_time_wins(place):
    place.put("count", b"0", "test")

    def add():
        for _ in range(10):
            while True:
                stamp, value = place.stat("count").stamp, int(place.get("count"))
                if place.put_if("count", str(value + 1).encode(), stamp, "test"):
                    break

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert place.get("count") == b"40"
