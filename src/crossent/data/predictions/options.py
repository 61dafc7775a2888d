"""What the user says about files of predictions: which columns, which classes, which rows."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["probs", "logits", "logprobs"]
WHAT: dict[Kind, str] = {  # as messages call them
    "probs": "probabilities",
    "logits": "logits",
    "logprobs": "log-probabilities",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionOptions:
    """Names in the files; None is for `layout` to find.

    prob and soft_labels: a pattern with one star such as 'p_*', the name of a list column or of
    an array of an NPZ; logprob: natural log-probability of the label alone; words and bytes:
    counts a row; classes: names of the columns or of the entries of a list, in order; where: SQL
    over the columns; kind: None is "probs" where no name says otherwise. `normalize` is carried
    to the scoring. names_only: integer labels are never places in `classes`.
    """

    label: str | None = None
    prob: str | None = None
    logprob: str | None = None
    prediction: str | None = None
    weights: str | None = None
    soft_labels: str | None = None
    words: str | None = None
    bytes: str | None = None
    classes: tuple[str, ...] | None = None
    kind: Kind | None = None
    normalize: bool = False
    where: str | None = None
    names_only: bool = False
