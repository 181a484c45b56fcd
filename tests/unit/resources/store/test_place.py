"""A place stores names whole or not at all, and replaces one only where nobody else did meanwhile."""

import sys
import threading
import time

import pytest

from gosales_resources.errors import StorageError
from gosales_resources.store.bucket import FRESH_SECONDS, Bucket
from gosales_resources.store.place import Folder, Place
from tests.worlds.buckets import environment, new_bucket, s3_server


@pytest.fixture(scope="module")
def server():
    with s3_server() as address:
        yield address


@pytest.fixture
def bucket(server, tmp_path, monkeypatch) -> Bucket:
    for name, value in environment(server).items():
        monkeypatch.setenv(name, value)
    return Bucket(new_bucket(server), tmp_path)


@pytest.fixture(params=["folder", "bucket"])
def place(request, tmp_path) -> Place:
    if request.param == "folder":
        return Folder(tmp_path)
    return request.getfixturevalue("bucket")


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
        with place.writing("a/one", "test") as path:
            path.write_bytes(b"new")
            raise ZeroDivisionError

    place.put("a/one", b"old", "test")
    with pytest.raises(ZeroDivisionError):
        half()
    assert place.get("a/one") == b"old"
    assert place.list("a") == ["a/one"]


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


def test_everything_below_a_prefix_is_removed_and_nothing_beside_it(place):
    for name in ("a/b/one", "a/b/c/two", "a/bc"):
        place.put(name, b"1", "test")
    place.remove_all("a/b")
    assert place.list("a/b/c") == []
    assert place.list("a") == ["a/bc"]


def test_what_another_machine_has_put_is_read_a_second_later(bucket, tmp_path):
    other = Bucket(bucket.url, tmp_path / "elsewhere")
    bucket.put("a/one", b"1", "test")
    assert other.get("a/one") == b"1"
    bucket.put("a/one", b"2", "test")
    assert bucket.get("a/one") == b"2", "who puts reads it at once"
    time.sleep(FRESH_SECONDS)
    assert other.get("a/one") == b"2"
    assert other.digest("a/one") == bucket.digest("a/one")


def test_a_file_that_is_open_for_reading_stays_what_it_was(bucket):
    bucket.put("a/one", b"1", "test")
    before = bucket.locate("a/one")
    bucket.put("a/one", b"2", "test")
    assert before.read_bytes() == b"1"
    assert before.name == "one"


def test_a_server_that_is_not_there_is_told_with_what_helps(bucket, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setattr("gosales_resources.store.bucket.RETRIES_SECONDS", 1)
    monkeypatch.setattr("gosales_resources.store.bucket.ATTEMPTS", 1)
    with pytest.raises(StorageError, match="credentials in the environment"):
        Bucket(bucket.url, bucket.copies).put("a/one", b"1", "test")


def test_a_bucket_that_does_not_exist_is_told(bucket):
    with pytest.raises(StorageError, match="s3://nobody-s/a/one"):
        Bucket("s3://nobody-s", bucket.copies).put("a/one", b"1", "test")


def test_without_the_extra_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "obstore.exceptions", None)
    with pytest.raises(StorageError, match="pip install 'gosales\\[objects\\]'"):
        Bucket("s3://company", tmp_path).stat("a/one")
