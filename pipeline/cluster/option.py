"""Option: how commands are told of a cluster; apart, so that --help loads no reader."""

from __future__ import annotations

import re

import click

_ADDRESS = re.compile(r"(tcp|tls)://(\[[0-9a-fA-F:.]+\]|[^\s:/\[\]]+):[0-9]{1,5}")


def _address(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None and not _ADDRESS.fullmatch(value):
        raise click.BadParameter(f"{value!r} is no address; it looks like tcp://10.0.0.5:8786")
    return value


scheduler_option = click.option(
    "--scheduler",
    metavar="ADDRESS",
    callback=_address,
    envvar="NIANBAO_SCHEDULER",
    help="Dask scheduler whose workers do the work, tcp://HOST:PORT; else this machine does.",
)
