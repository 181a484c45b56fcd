"""An S3 server on loopback (moto's), and a bucket of its own for each test."""

import contextlib
import http.client
import itertools
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

NUMBERS = itertools.count()


@contextmanager
def s3_server() -> Iterator[str]:
    """Run a server; give its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        _ask(address, "GET", "/moto-api/")
        yield address
    finally:
        server.kill()
        server.wait()


def environment(address: str) -> dict[str, str]:
    """Return the variables by which a client finds the server and its credentials."""
    return {
        "AWS_ENDPOINT_URL": address,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }


def new_bucket(address: str) -> str:
    """Make a bucket; return the URL of a folder of it."""
    name = f"bucket-{os.getpid()}-{next(NUMBERS)}"
    _ask(address, "PUT", f"/{name}")
    return f"s3://{name}/a/store"


def _ask(address: str, method: str, path: str) -> None:
    """Ask a server that may still be starting."""
    for _ in range(300):
        connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=10)
        try:
            connection.request(method, path)
            status = connection.getresponse().status
        except OSError:
            time.sleep(0.1)
        else:
            if status >= 400:
                raise RuntimeError(f"{method} {path}: {status}")
            return
        finally:
            connection.close()
    raise TimeoutError(address)


@contextmanager
def faulty(address: str, seed: int, share: float = 0.2) -> Iterator[str]:
    """Stand before a server: some connections are cut at once or in the middle, all are slow."""
    host, port = address.removeprefix("http://").split(":")
    draw, listening = random.Random(seed), socket.create_server(("127.0.0.1", 0))

    def serve(client: socket.socket) -> None:
        bad = draw.random() < share
        with client, socket.create_connection((host, int(port))) as server:
            client.settimeout(30)
            time.sleep(draw.random() * 0.02)
            if bad and draw.random() < 0.5:
                return
            back = threading.Thread(target=_pump, args=(server, client, 700 if bad else None))
            back.start()
            _pump(client, server, None)
            back.join()

    def accept() -> None:
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(client,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    with listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def _pump(source: socket.socket, target: socket.socket, most: int | None) -> None:
    """Hand bytes on until the end; cut off after `most`."""
    sent = 0
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data if most is None else data[: most - sent])
            sent += len(data)
            if most is not None and sent >= most:
                break
    for one in (source, target):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
