"""A tally in a file: NumPy's .npz with a JSON head, no pickle; to be read and merged elsewhere."""

import json
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np

from crossent.errors import InputError, quoted
from crossent.scoring.tally import Tally

HEAD = "crossent_statistics"
VERSION = 1


def save_stats(path: Path | IO[bytes], tally: Tally) -> None:
    """Write the state of `tally`: the same bytes for the same rows, in whatever order they came."""
    head, arrays = tally.state()
    text = json.dumps({"version": VERSION, **head}, ensure_ascii=True, sort_keys=True)
    whole: dict[str, Any] = {HEAD: np.frombuffer(text.encode(), dtype=np.uint8), **arrays}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in whole.items():
            # A fixed time, so that equal statistics are equal files.
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.ascontiguousarray(array), allow_pickle=False)


def load_stats(path: Path) -> Tally:
    """Return the tally that `save_stats` wrote; InputError where the file is damaged or no such."""
    name = quoted(str(path), 160)
    try:
        # Opened here: of a torn archive NumPy would leave its file open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            head = json.loads(archive[HEAD].tobytes())
            if head["version"] != VERSION:
                raise InputError(
                    f"{name} holds statistics of version {head['version']}; this crossent reads "
                    f"{VERSION}"
                )
            if not isinstance(head["seed"], int):
                raise InputError(f"{name} is damaged: its seed is {quoted(head['seed'])}")
            return Tally.load(head, {key: archive[key] for key in archive.files if key != HEAD})
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(f"{name}: no such file") from None
    except Exception as error:  # whatever a damaged archive makes NumPy and zlib raise
        reason = " ".join(str(error).split())[:80]
        raise InputError(f"{name} holds no saved statistics or is damaged ({reason})") from None


def is_stats(path: Path) -> bool:
    """Say whether a file is one that `save_stats` wrote."""
    try:
        with zipfile.ZipFile(path) as archive:
            return f"{HEAD}.npy" in archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return False
