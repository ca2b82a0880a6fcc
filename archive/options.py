"""Options that commands of all rooms share."""

from __future__ import annotations

from pathlib import Path

import click

data_option = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("data"),
    envvar="NIANBAO_DATA",
    show_default=True,
    help="Data folder of the archive.",
)
