"""`haymow`: the command line's first step, which imports little: until it is done, Ctrl-C is Python's own."""

from __future__ import annotations

import os
import signal
import sys

INTERRUPTED = 128 + signal.SIGINT
"""The exit status of what Ctrl-C ended, as shells write it."""


def main() -> None:
    """Run the command line; Ctrl-C ends it without a word, but a server that has begun, which stops in order."""
    signal.signal(signal.SIGINT, _end)
    from haymow.cli.commands import run  # noqa: PLC0415 - a tenth of a second, in which somebody may press Ctrl-C

    run()


def _end(*_: object) -> None:
    if os.isatty(2):
        os.write(2, b"\n")  # the shell begins a line of its own, also behind a prompt
    sys.exit(INTERRUPTED)  # an exception, so that what was begun is taken back


if __name__ == "__main__":
    main()
