"""Network namespaces: workers on machines of their own, as far as the network can tell."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

NETWORK = "10.207.31"
HERE = f"{NETWORK}.1"
BRIDGE = "nianbao-br"


class NoNamespacesError(RuntimeError):
    """This process may make no network namespaces."""


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoNamespacesError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")


@contextmanager
def namespaces(names: Sequence[str]) -> Iterator[None]:
    """Make network namespaces that reach each other and ``HERE``, and nothing else.

    Args:
        names: of the namespaces, ten letters at most.

    Raises:
        NoNamespacesError: that needs the rights of root and the program 'ip'.

    """
    with ExitStack() as held:
        _make(held, ["link", "add", BRIDGE, "type", "bridge"], ["link", "del", BRIDGE])
        _ip("addr", "add", f"{HERE}/24", "dev", BRIDGE)
        _ip("link", "set", BRIDGE, "up")
        for number, name in enumerate(names, start=2):
            _make(held, ["netns", "add", name], ["netns", "del", name])
            ours = f"nb-{name}"
            _ip("link", "add", ours, "type", "veth", "peer", "name", "eth0", "netns", name)
            _ip("link", "set", ours, "master", BRIDGE, "up")
            _ip("-n", name, "addr", "add", f"{NETWORK}.{number}/24", "dev", "eth0")
            _ip("-n", name, "link", "set", "eth0", "up")
            _ip("-n", name, "link", "set", "lo", "up")
        yield


def _make(held: ExitStack, make: list[str], undo: list[str]) -> None:
    try:
        _ip(*make)
    except FileNotFoundError as error:
        raise NoNamespacesError("the program 'ip' is missing") from error
    held.callback(_ip, *undo)
