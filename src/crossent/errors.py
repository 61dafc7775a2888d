"""The errors that crossent raises for what a user can mend.

    CrossentError
    ├── InputError (also ValueError)         data, files or options that cannot be used
    └── MissingExtraError (also ImportError) a part of the installation is missing

Every message is one line: what was expected, what came, what to do. The losses raise
Python's own ValueError, TypeError and IndexError, as PyTorch's do.
"""


class CrossentError(Exception):
    """Root of the errors that the command line prints in one line."""


class InputError(CrossentError, ValueError):
    """Data, a file or an option cannot be used as given."""


class MissingExtraError(CrossentError, ImportError):
    """A command needs an optional dependency that is not installed."""

    def __init__(self, needed: str, extra: str) -> None:
        super().__init__(f"{needed} is not installed; run: pip install 'crossent[{extra}]'")


def quoted(value: object, limit: int = 80) -> str:
    """Return `repr(value)` cut to `limit` characters, safe to stand in one line of a message."""
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 3] + "..."
