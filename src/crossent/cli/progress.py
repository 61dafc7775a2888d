"""What is shown while a model trains: a bar on a terminal, plain lines otherwise; rows read so far.

Rich decides about colour (NO_COLOR) and width (COLUMNS). Nothing here touches the model: the loop
reports steps and epochs, and a step costs one look at the clock.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from crossent.estimators.history import Epoch

REDRAW_SECONDS = 0.1  # a redraw takes about 1 ms, so 1 % of the time
PLAIN_LINES = 20
WIDE = 70  # columns that leave room for a bar beside losses and rate


class Watcher(Protocol):
    """What the training loop reports to."""

    def on_step(self, rows: int) -> None:
        """Count the rows of one finished step."""
        ...

    def on_epoch(self, epoch: Epoch) -> None:
        """Show a finished epoch."""
        ...


@contextmanager
def watching(epochs: int, rows: int, console: Console | None = None) -> Generator[Watcher]:
    """Show the training of `epochs` passes over `rows` rows on standard output."""
    console = console or Console()
    if not console.is_terminal:
        yield PlainLines(epochs, console)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        TextColumn("{task.fields[loss]}"),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(compact=True),
    )
    if console.width < WIDE:
        columns = (columns[0], columns[2])
    with Progress(*columns, console=console, transient=True, auto_refresh=False) as progress:
        task = progress.add_task(f"epoch 1/{epochs}", total=epochs * rows, loss="", rate="")
        yield Bar(epochs, progress, task)


@dataclass(slots=True)
class Pace:
    """Rows done, and how fast since the first step, which loads and compiles."""

    done: int = 0
    first: int = 0
    began: float = 0.0
    now: float = 0.0

    def count(self, rows: int) -> float:
        """Count the rows of a step; return the time."""
        self.now = perf_counter()
        if not self.done:
            self.began, self.first = self.now, rows
        self.done += rows
        return self.now

    def text(self) -> str:
        """Return the rows per second, nothing before the second step."""
        seconds = self.now - self.began
        return f"{(self.done - self.first) / seconds:,.0f} rows/s" if seconds else ""


@dataclass(slots=True)
class Bar:
    """A progress bar with the losses of the last epoch and the rate of rows."""

    epochs: int
    progress: Progress
    task: TaskID
    pace: Pace = field(default_factory=Pace)
    drawn: float = 0.0

    def on_step(self, rows: int) -> None:
        """Count the rows, and redraw ten times a second."""
        now = self.pace.count(rows)
        if now - self.drawn >= REDRAW_SECONDS:
            self._draw()

    def on_epoch(self, epoch: Epoch) -> None:
        """Show the losses of the epoch that ended."""
        number = f"epoch {min(epoch.epoch + 1, self.epochs)}/{self.epochs}"
        self.progress.update(self.task, description=number, loss=_losses(epoch))
        self._draw()

    def _draw(self) -> None:
        self.drawn = self.pace.now
        rate = self.pace.text()
        self.progress.update(self.task, completed=self.pace.done, rate=rate, refresh=True)


@dataclass(slots=True)
class PlainLines:
    """A line for every epoch, or for about twenty of many."""

    epochs: int
    console: Console
    pace: Pace = field(default_factory=Pace)

    def on_step(self, rows: int) -> None:
        """Count the rows."""
        self.pace.count(rows)

    def on_epoch(self, epoch: Epoch) -> None:
        """Print the epoch when its turn has come."""
        every = -(-self.epochs // PLAIN_LINES)
        if epoch.epoch % every and epoch.epoch not in (1, self.epochs):
            return
        number = f"{epoch.epoch:>{len(str(self.epochs))}}/{self.epochs}"
        print(
            f"epoch {number}  {_losses(epoch)}  {self.pace.text()}",
            file=self.console.file,
            flush=True,
        )


def _losses(epoch: Epoch) -> str:
    text = f"loss {epoch.train_loss:.4f}"
    if epoch.validation_loss is not None:
        text += f", validation {epoch.validation_loss:.4f}"
    return text


@contextmanager
def counting_rows(console: Console | None = None) -> Generator[Callable[[int], None]]:
    """Yield what is told how many rows were read; shown on standard error if it is a terminal."""
    console = console or Console(stderr=True)
    if not console.is_terminal:
        yield _ignore
        return
    column = TextColumn("{task.fields[rows]}")
    with Progress(column, console=console, transient=True, auto_refresh=False) as progress:
        task = progress.add_task("", total=None, rows="reading")
        pace = Pace()
        drawn = perf_counter()

        def count(rows: int) -> None:
            nonlocal drawn
            now = pace.count(rows)
            if now - drawn >= REDRAW_SECONDS:
                drawn = now
                text = f"{pace.done:,} rows  {pace.text()}"
                progress.update(task, rows=text, refresh=True)

        yield count


def _ignore(rows: int) -> None:
    """Show nothing."""
