"""The port the UI listens on: taken before anything is started, and who holds it where it is not free."""

import contextlib
import errno
import ipaddress
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from gosales_resources.errors import GosalesError
from gosales_resources.markdown import visible

HIGHEST = 65_535
LISTENING = "0A"
SHOWN = 100


class PortError(GosalesError):
    """The UI cannot listen where it was told to."""


def is_loopback(address: str) -> bool:
    """Tell whether only this machine reaches an address.

    Examples
    --------
    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address.casefold() == "localhost"


def take_port(address: str, port: int) -> socket.socket:
    """Bind a port, so that nobody else can while the UI starts.

    Parameters
    ----------
    address
        IPv4, IPv6 or a name of this machine.
    port
        0 for any that is free.

    Raises
    ------
    PortError
        When another program listens there, or it may not be listened on.
    """
    if not 0 <= port <= HIGHEST:
        raise PortError(f"Port {port} does not exist; legal: 1 to {HIGHEST}, 0 for any free one.")
    try:
        family, *_, place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise PortError(f"--host '{visible(address, SHOWN)}' is no address: {error}.") from error
    taken = socket.socket(family, socket.SOCK_STREAM)
    # A port that was left a moment ago is free on POSIX; on Windows the option would share it.
    if os.name == "posix":
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind(place)
        # Two may bind and only one may listen.
        taken.listen()
    except OSError as error:
        taken.close()
        raise PortError(_why_not(address, port, error)) from error
    return taken


def _why_not(address: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        holder = holder_of(port) or f"another program (which one: lsof -i :{port})"
        return (
            f"Port {port} of {address} is in use by {holder}. Nothing was started. End that, or "
            f"choose another port: gosales ui --port {port + 1 if port < HIGHEST else 3000}."
        )
    return f"Cannot listen on port {port} of {address}: {error.strerror}. Choose another: --port N."


def holder_of(port: int) -> str | None:
    """Name the process that listens on a port, where the system says it (Linux, the user's own)."""
    sockets = {f"socket:[{inode}]" for inode in _listening(port)}
    for folder in Path("/proc").glob("[0-9]*/fd") if sockets else ():
        # It may end meanwhile, or be another user's.
        with contextlib.suppress(OSError):
            if not sockets.isdisjoint(_links(folder)):
                command = (folder.parent / "cmdline").read_bytes()
                words = command.replace(b"\0", b" ").decode(errors="replace").strip()
                return f"process {folder.parent.name} ({visible(words, SHOWN)})"
    return None


def _links(folder: Path) -> Iterator[str]:
    for link in folder.iterdir():
        # Files are closed while one looks, the folder itself among them.
        with contextlib.suppress(FileNotFoundError):
            yield os.readlink(link)


def _listening(port: int) -> list[str]:
    found = []
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        lines = table.read_text(encoding="ascii").splitlines()[1:] if table.is_file() else []
        for fields in map(str.split, lines):
            is_it = int(fields[1].rpartition(":")[2], 16) == port
            if is_it and fields[3] == LISTENING:
                found.append(fields[9])
    return found
