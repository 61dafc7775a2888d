from typing import Any

def dense(
    logits: tuple[Any, ...],
    labels: tuple[Any, ...],
    shape: tuple[float, ...],
    scale: float,
    row_scale: int,
    given: int,
    losses: int,
    numbers: int,
    entropy: bool,
    slopes: int,
    stream: bool,
    threads: int,
) -> None: ...
def reduce(
    logits: tuple[Any, ...],
    labels: tuple[Any, ...],
    shape: tuple[float, ...],
    by: int,
    scale: float,
    slopes: int,
    stream: bool,
    threads: int,
) -> tuple[float, float]: ...
def sigmoid(
    logits: tuple[Any, ...],
    target: tuple[Any, ...] | None,
    weight: tuple[Any, ...] | None,
    pos_weight: tuple[Any, ...] | None,
    neg_weight: tuple[Any, ...] | None,
    mask: tuple[Any, ...] | None,
    ignore: float | None,
    smoothing: float,
    shape: tuple[float, ...],
    scale: float,
    upstream: tuple[Any, ...] | None,
    losses: int,
    total: int,
    count: int,
    slopes: int,
    stream: bool,
    threads: int,
) -> None: ...
def divergence(
    term: int,
    order: float,
    p: tuple[Any, ...],
    q: tuple[Any, ...],
    gaps: int,
    sums: int,
    threads: int,
) -> None: ...
def divergence_slopes(
    term: int,
    order: float,
    p: tuple[Any, ...],
    q: tuple[Any, ...],
    gaps: int,
    upstream: int,
    slopes_p: int,
    slopes_q: int,
    threads: int,
) -> None: ...
def totals(labels: tuple[Any, ...], rows: int, classes: int) -> tuple[float, float]: ...
def first_outside(
    index: tuple[Any, ...] | None,
    mask: tuple[Any, ...] | None,
    rows: int,
    classes: int,
    ignored: int,
) -> int: ...
def unit() -> str: ...
def units() -> list[str]: ...
def use(name: str) -> None: ...
