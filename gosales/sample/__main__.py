"""Writes the sample company from the command line: `python -m gosales.sample`."""

import argparse
import sys
from pathlib import Path

from gosales.sample.company import CUSTOMERS, generate
from gosales_resources.errors import GosalesError


def run(arguments: list[str] | None = None) -> int:
    """Parse the arguments, write the company, and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m gosales.sample",
        description="Write an invented company's raw files, with its true probabilities.",
    )
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument("--size", choices=list(CUSTOMERS), default="S", help="S, M, L or XL")
    parser.add_argument("--seed", type=int, default=7, help="the same seed gives the same bytes")
    given = parser.parse_args(arguments)
    try:
        company = generate(given.out, given.size, given.seed, _say)
    except GosalesError as error:
        _say(str(error))
        return 1
    sys.stdout.write(f"{company.folder}\n")
    return 0


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(run())
