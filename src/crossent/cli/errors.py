"""One printable line for every ending that a user can mend; `None` for a defect of ours.

Owns the wording of parse errors and of missing extras. The messages of `CrossentError` come from
where the error was raised. Nothing here prints or exits.
"""

import difflib
import importlib.util
import sys
from typing import TYPE_CHECKING

from crossent.errors import CrossentError, MissingExtraError, quoted

if TYPE_CHECKING:
    from cyclopts import CycloptsError

# Module name -> (name to install, extra that brings it).
EXTRAS = {
    "cyclopts": ("cyclopts", "cli"),
    "duckdb": ("duckdb", "cli"),
    "nanoarrow": ("nanoarrow", "cli"),
    "rich": ("rich", "cli"),
    "vl_convert": ("vl-convert-python", "cli"),
    "safetensors": ("safetensors", "app"),
    "sklearn": ("scikit-learn", "app"),
    "tensorboard": ("tensorboard", "tensorboard"),
    "torch": ("torch", "app"),
}


def explain(error: BaseException) -> str | None:
    """Return the one line to print for `error`, or None for a defect, which needs a traceback."""
    if isinstance(error, CrossentError):
        return one_line(str(error))
    if isinstance(error, ImportError):
        extra = missing_extra(error)
        return None if extra is None else one_line(str(extra))
    if isinstance(error, OSError):
        where = f": {error.filename!r}" if error.filename is not None else ""
        return one_line(f"{error.strerror or type(error).__name__}{where}")
    if "cyclopts" in sys.modules:
        return _parse_error(error)
    return None


def require(module: str) -> None:
    """Raise MissingExtraError where a package is missing, without importing it."""
    if importlib.util.find_spec(module) is None:
        raise MissingExtraError(*EXTRAS[module])


def missing_extra(error: ImportError) -> MissingExtraError | None:
    """Return the error that names the extra when `error` is about one of the optional packages."""
    cause: BaseException | None = error
    while cause is not None:  # a command that is loaded by its name wraps what went wrong inside
        name = cause.name if isinstance(cause, ImportError) else None
        needed = EXTRAS.get((name or "").partition(".")[0])
        if needed:
            return MissingExtraError(*needed)
        cause = cause.__cause__
    return None


def one_line(text: str) -> str:
    r"""Return `text` in one printable line: white space becomes a blank, control characters `\x1b`.

    >>> one_line("no\n  such \x1b[31mfile")
    'no such \\x1b[31mfile'
    """
    joined = " ".join(text.split())
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in joined)


def _parse_error(error: BaseException) -> str | None:
    from cyclopts import CycloptsError

    if not isinstance(error, CycloptsError):
        return None
    error.verbose = False
    command = " ".join(("crossent", *(error.command_chain or ())))
    return one_line(f"{_wording(error)} See: {command} --help")


def _wording(error: "CycloptsError") -> str:
    from cyclopts import (
        App,
        Argument,
        MissingArgumentError,
        UnknownCommandError,
        UnusedCliTokensError,
    )

    match error:
        case MissingArgumentError(argument=Argument() as argument):
            name = argument.names[0]
            return f"{error.keyword or name.lstrip('-').upper()} needs a value."
        case UnusedCliTokensError(unused_tokens=[token, *_]):
            return f"One argument too many: {quoted(token)}."
        case UnknownCommandError(unused_tokens=[token, *_], app=App() as app):
            # The library's own sentence would import every command to find the nearest.
            names = [name for name in app if not name.startswith("-")]
            near = difflib.get_close_matches(token, names, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Commands: {', '.join(names)}."
            return f"Unknown command {quoted(token)}. {hint}"
        case _:
            return str(error)
