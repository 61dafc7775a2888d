"""`--config FILE`: flags over the file over the defaults; and the `config.json` that repeats a run.

A key is a flag without its dashes (`batch-size` or `batch_size`). Knows TOML, JSON and names of
flags; what the values mean is decided where flags are parsed.
"""

import difflib
import json
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crossent.errors import InputError, quoted

if TYPE_CHECKING:
    from cyclopts import App
    from cyclopts.argument import Argument, ArgumentCollection

# Not part of what a run does, so never read from a file nor written to one.
NOT_A_KEY = "config"


def read(path: Path) -> dict[str, Any]:
    """Return the table in a TOML or JSON file, its keys spelled as flags."""
    try:
        text = path.read_text(encoding="utf-8")
        table = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except FileNotFoundError:
        raise InputError(f"--config {quoted(str(path))}: no such file") from None
    except (OSError, ValueError) as error:
        raise InputError(f"--config {quoted(str(path))} cannot be read: {error}") from None
    if not isinstance(table, dict):
        raise InputError(f"--config {quoted(str(path))} must hold a table of flags and values")
    return {key.replace("_", "-"): value for key, value in table.items()}


def apply_config(app: "App", commands: tuple[str, ...], arguments: "ArgumentCollection") -> None:
    """Fill in from `--config FILE` every argument that the command line left open."""
    del app, commands
    flags = {name.lstrip("-"): a for a in arguments for name in a.names if name.startswith("--")}
    given = flags[NOT_A_KEY].tokens
    if not given:
        return
    path = Path(given[0].value)
    for key, value in read(path).items():
        if key == NOT_A_KEY or key not in flags:
            raise InputError(f"--config {quoted(str(path))}: {_unknown(key, flags)}")
        if not flags[key].tokens and value is not None:
            _fill(flags[key], key, value, path)


def write(path: Path, flags: dict[str, Any]) -> None:
    """Write flags so that `--config PATH` repeats them; None and empty lists are left out."""
    table = {
        key.replace("_", "-"): str(value) if isinstance(value, Path) else value
        for key, value in flags.items()
        if value is not None and value != () and key != NOT_A_KEY
    }
    path.write_text(json.dumps(table, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _fill(argument: "Argument", key: str, value: object, path: Path) -> None:
    from cyclopts import Token

    items = value if isinstance(value, list) else [value]
    for index, item in enumerate(items):
        if not isinstance(item, str | int | float):
            raise InputError(
                f"--config {quoted(str(path))}: {key} must be a text, a number, true, false or a "
                f"list of them; got {quoted(item)}"
            )
        text = str(item).lower() if isinstance(item, bool) else str(item)
        argument.append(Token(keyword=f"--{key}", value=text, source=str(path), index=index))


def _unknown(key: str, known: Iterable[str]) -> str:
    names = sorted(set(known) - {NOT_A_KEY})
    near = difflib.get_close_matches(key, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(names)}"
    return f"unknown key {quoted(key)}; {hint}"
