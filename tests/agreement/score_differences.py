"""Where scikit-learn's, torchmetrics' and netcal's scores differ from ours, and why.

Everything that no entry names is equal. An entry whose difference is gone fails its tests.
"""

from typing import NamedTuple

# How near the same number has to be. torchmetrics computes in float32.
LIBRARIES = {"sklearn": 1e-12, "netcal": 1e-12, "torchmetrics": 2e-6}

BINS = (5, 10, 15, 100)
LOSSES = ("log loss", "log loss by class", "information")
SHARES = ("precision", "recall", "f1")


def binned(name: str, bins: tuple[int, ...] = BINS) -> tuple[str, ...]:
    """The names of a metric at some numbers of bins."""
    return tuple(f"{name} {n}" for n in bins)


class Difference(NamedTuple):
    """The cells of one library that differ, or where it raises, and the reason."""

    library: str
    metrics: tuple[str, ...]
    data: tuple[str, ...]
    reason: str
    raises: type[Exception] | None = None


CLIPS = "a probability of 0 at the label is clipped to eps: 36 nats instead of infinity"
HALF = "float32 probabilities are summed in float32; ours are read as float64"
TWO = "it refuses one class"
TIES = "of equally probable classes the last is counted as before the others; ours: the first"
TOPK = "torch.topk takes equally probable classes in no order that it documents; ours: the first"
RIGHT = "bins are (low, high]; ours [low, high)"
QUANTILE = (
    "bins end at interpolated quantiles of all confidences; ours where the weight below is nearest "
    "to its share, between cells of 1 / 25,200, so that no confidence is kept and none is split"
)
FLAT = "it refuses quantiles that are one number, as those of tied confidences; ours: fewer bins"
ZERO = "0 / 0 is 0: a class that is never predicted, or never occurs; ours is NaN"
PHANTOM = "confidences that are 1, in float32, have a bin of their own (torchmetrics #3510)"
FLOAT_EDGES = "edges and confidences are rounded to float32 before they are compared"
LINSPACE = "linspace(0, 1, 11)[3] and others are above 3 / 10: that confidence is a bin too low"
CAST = "SciPy rounds the edges to the confidences' float32: 7 / 10 is then 0.7 in float32"

TIED = (
    "uniform", "ties", "certain", "certain and wrong", "half certain", "tied confidences",
    "one class", "one row",
)  # fmt: skip
# Rows that the number of bins does not divide, copies, and confidences that lie in one cell.
MANY = (
    "overconfident", "absent classes", "two classes", "seventy classes", "whole weights",
    "weights of 0", "numbers as names",
)  # fmt: skip
QUANTILES = (
    (
        "netcal",
        "equal mass ece 5",
        ("near certain", "on edges", "seventy classes", "whole weights"),
    ),
    ("netcal", "equal mass ece 10", ("on edges", "whole weights")),
    (
        "netcal",
        "equal mass ece 15",
        ("on edges", "absent classes", "two classes", "seventy classes", "whole weights"),
    ),
    ("netcal", "equal mass ece 100", MANY),
    (
        "sklearn",
        "equal mass reliability 5",
        (
            "near certain", "on edges", "tied confidences", "seventy classes", "whole weights",
        ),
    ),
    (
        "sklearn",
        "equal mass reliability 10",
        (
            "near certain", "on edges", "seventy classes", "whole weights", "weights of 0",
        ),
    ),
    (
        "sklearn",
        "equal mass reliability 15",
        (
            "overconfident", "on edges", "absent classes", "two classes", "seventy classes",
            "whole weights",
        ),
    ),
    ("sklearn", "equal mass reliability 100", (*MANY, "dirichlet", "float32")),
)  # fmt: skip

DIFFERENCES = (
    Difference("sklearn", LOSSES, ("certain and wrong", "impossible"), CLIPS),
    Difference("sklearn", (*LOSSES, "brier"), ("float32", "float32 on edges"), HALF),
    Difference("sklearn", (*LOSSES, "label entropy", "brier"), ("one class",), TWO, ValueError),
    Difference("sklearn", ("confusion",), ("one class",), "it warns of one class", UserWarning),
    Difference(
        "sklearn", ("top k",), ("near certain", "uniform", "half certain", "impossible"), TIES
    ),
    Difference("sklearn", binned("reliability", (5,)), ("ties",), RIGHT),
    Difference("sklearn", binned("reliability", (5, 10, 15)), ("on edges",), RIGHT),
    Difference("sklearn", binned("reliability", (100,)), ("near certain",), RIGHT),
    Difference(
        "torchmetrics",
        ("accuracy", "confusion", *SHARES, *binned("ece"), *binned("mce")),
        ("one class",),
        TWO,
        ValueError,
    ),
    Difference("torchmetrics", ("top k",), ("uniform", "certain and wrong"), TOPK),
    Difference(
        "torchmetrics",
        SHARES,
        ("near certain", "half certain", "absent classes", "one row"),
        ZERO,
    ),
    Difference(
        "torchmetrics",
        ("precision",),
        ("uniform", "ties", "on edges", "tied confidences", "float32 on edges"),
        ZERO,
    ),
    Difference("torchmetrics", ("recall", "f1"), ("uniform",), ZERO),
    Difference("torchmetrics", binned("ece", (5, 10, 15)), ("impossible",), PHANTOM),
    Difference("torchmetrics", binned("mce", (5, 10, 15)), ("impossible", "near certain"), PHANTOM),
    Difference("torchmetrics", ("mce 100",), ("near certain",), PHANTOM),
    Difference("torchmetrics", ("mce 5",), ("overconfident",), PHANTOM),
    Difference("torchmetrics", ("mce 10",), ("float32 on edges",), FLOAT_EDGES),
    Difference("torchmetrics", ("ece 100", "mce 100"), ("on edges",), FLOAT_EDGES),
    Difference("netcal", binned("ece", (5, 10, 100)), ("on edges",), LINSPACE),
    Difference("netcal", ("mce 10", "ece 100"), ("float32 on edges",), CAST),
    Difference("netcal", binned("equal mass ece"), TIED, FLAT, ValueError),
    Difference(
        "netcal", binned("equal mass ece", (10, 15)), ("float32 on edges",), FLAT, ValueError
    ),
    Difference(
        "netcal",
        ("equal mass ece 100",),
        ("near certain", "on edges", "float32 on edges"),
        FLAT,
        ValueError,
    ),
    *(Difference(library, (metric,), data, QUANTILE) for library, metric, data in QUANTILES),
)


def reason(library: str, metric: str, name: str) -> Difference | None:
    """Return why this cell differs, or None where it must be equal."""
    found = [
        d for d in DIFFERENCES if d.library == library and metric in d.metrics and name in d.data
    ]
    assert len(found) <= 1, f"{metric} of {name!r} by {library} is listed twice"
    return found[0] if found else None
