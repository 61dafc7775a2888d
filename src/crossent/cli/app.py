"""The `crossent` command: the list of commands, and the exit code of every ending.

Commands are import strings, so `crossent --help` loads none of them. What a user can mend is one
line on standard error and exit code 2; Ctrl-C is 130; 1 is a standard output that could not be
written, or, with a traceback, a defect.
"""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from crossent._version import __version__
from crossent.cli.errors import explain
from crossent.cli.standard_output import steadfast_output

if TYPE_CHECKING:
    from cyclopts import App

COMMANDS = {
    "train": "Train a classifier and report what it gets wrong.",
    "evaluate": "Score a file of predictions, from any model.",
    "predict": "Write a trained model's predictions for new data.",
    "measure": "Measure distributions, or rank a table's columns by information gain.",
    "doctor": "Say what is installed and what this machine offers.",
}

# Columns. The help's tables are unreadable below, and below 6 their layout never ends.
NARROWEST = 40

EXAMPLES = """\
Examples:
  crossent train digits
  crossent evaluate predictions.parquet"""


def build_app() -> "App":
    """Return the application; the commands themselves are imported when they are called."""
    from cyclopts import App

    app = App(
        name="crossent",
        help="Train classifiers with cross-entropy and see exactly what they get wrong.",
        help_prologue=EXAMPLES,
        help_format="plaintext",
        version=__version__,
        exit_on_error=False,
        print_error=False,
        suppress_keyboard_interrupt=False,
        result_action="return_value",
    )
    for order, (name, help_line) in enumerate(COMMANDS.items()):
        app.command(f"crossent.cli.{name}:app", name=name, help=help_line, sort_key=order)
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (`sys.argv` by default) and return its exit code."""
    try:
        with steadfast_output() as output:
            code = _run(sys.argv[1:] if arguments is None else arguments)
            if output is not None:
                output.flush()
        return code or int(output is not None and output.lost)
    except KeyboardInterrupt:
        sys.stderr.write("crossent: interrupted, nothing was written\n")
        return 130
    except Exception as error:  # explain() decides which of them are defects
        message = explain(error)
        if message is None:
            raise
        sys.stderr.write(f"crossent: {message}\n")
        return 2


def _run(arguments: Sequence[str]) -> int:
    app = build_app()
    from rich.console import Console

    # A console of this call: the one that a command's App keeps has the width of its first use.
    width = max(Console().width, NARROWEST)
    return app(list(arguments), console=Console(width=width)) or 0


if __name__ == "__main__":
    sys.exit(main())
