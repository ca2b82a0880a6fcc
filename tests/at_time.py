"""Run the real command at another time: ``python -m tests.at_time ISO-TIME nianbao-arguments…``.

The clock goes on from there. Processes that the command starts keep the time of day.
"""

from __future__ import annotations

import sys

import time_machine

from crawler.cli import main


def run(moment: str, arguments: list[str]) -> None:
    with time_machine.travel(moment, tick=True):
        main(arguments, prog_name="nianbao")


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2:])
