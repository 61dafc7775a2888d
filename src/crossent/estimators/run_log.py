"""`log.jsonl`, one line an epoch, and TensorBoard events where they are asked for."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from crossent.errors import MissingExtraError


class RunLog:
    """Appends records to a JSON-lines file, each flushed, so that a killed run keeps its log.

    With `tensorboard`, a folder, every number of a record also becomes an event at its step.
    Raises MissingExtraError where TensorBoard is asked for and not installed.
    """

    def __init__(self, path: Path, *, tensorboard: Path | None = None) -> None:
        self._events = None if tensorboard is None else _events(tensorboard)
        self._file = path.open("a", encoding="utf-8")

    def write(self, record: Mapping[str, Any]) -> None:
        """Append one record of plain values; `steps`, where given, is the events' step."""
        self._file.write(json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n")
        self._file.flush()
        if self._events is None:
            return
        step = record.get("steps")
        for name, value in record.items():
            if name != "steps" and isinstance(value, int | float):
                self._events.add_scalar(name, value, step)
        self._events.flush()

    def close(self) -> None:
        """Close the files; closing twice is harmless."""
        self._file.close()
        if self._events is not None:
            self._events.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _events(folder: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise MissingExtraError("tensorboard", "tensorboard") from None
    return SummaryWriter(str(folder))
