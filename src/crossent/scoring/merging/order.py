"""The order in which merging confused classes loses least: a dendrogram of the confusion.

Agglomerative information bottleneck: at every step the two confused clusters go together whose
merge, of labels and predictions alike, leaves the most mutual information between the two.
Reference: Slonim and Tishby, Agglomerative Information Bottleneck, NIPS 1999.
"""

import math
from dataclasses import dataclass

import numpy as np

from crossent.scoring.merging.losses import ConfusedPairs, joined, xlogx
from crossent.scoring.scores import Scores

# Losses this near, in nats, are one: logarithms differ in the last digit between processors, and
# the order of the merges should not.
TIE = 1e-12
RESIDUE = 1e-14  # of the entropy: what a hundred roundings leave of nothing


@dataclass(frozen=True, slots=True)
class Step:
    """One merge of two clusters of classes, and what is known of the predictions after it.

    `merged` are the names of the two, those of a cluster's classes joined by "+"; `codes` the first
    class of each, the smaller of which is the first class of both together. `classes` are left.
    `label_bits` is the entropy of the labels, `bits_lost` what it was before any merge less that,
    and `information_bits` the mutual information of label and prediction. That and `accuracy` come
    from the confusion: a row is predicted to be of the cluster of the class it was predicted to be.

    Of a `MergeCurve` the `accuracy` is that of the largest sum of probabilities, `log_loss` (nats)
    that of the sums, and `infinite_rows` had a sum of 0 at their label.
    """

    merged: tuple[str, str]
    codes: tuple[int, int]
    classes: int
    accuracy: float
    label_bits: float
    bits_lost: float
    information_bits: float
    log_loss: float | None = None
    infinite_rows: int | None = None


def suggest_merges(scores: Scores, limit: int | None = None) -> tuple[Step, ...]:
    """Return the first `limit` merges, all of them without a limit, from the confusion alone.

    At every step the two clusters are merged that lose the least mutual information I(label;
    prediction), among those of which at least one row is predicted as the other; of equal losses
    the pair with more confusions, then the earlier classes. It ends when no clusters are confused.

    A step takes time in proportion to the confused pairs that are left. All steps of 1,000 classes
    with 100,000 confused cells take seconds; of 100,000 classes ask for some hundred.
    """
    cells, classes = scores.cells, len(scores.classes)
    if not len(cells.count):
        return ()
    # A power of two: whole counts stay whole multiples of it, and sums of them exact.
    scale = 2.0 ** -math.frexp(float(cells.count.sum()))[1]
    shares = cells.count * scale
    weight = float(shares.sum())
    pairs = ConfusedPairs(cells.true, cells.predicted, shares, classes)
    margins = float(xlogx(pairs.true).sum()), float(xlogx(pairs.predicted).sum())
    whole = weight * math.log(weight)
    information = float(xlogx(shares).sum()) - sum(margins) + whole
    entropy, lost = whole - margins[0], 0.0
    hits = float(pairs.hits.sum())
    names = list(scores.classes)
    steps: list[Step] = []
    bits = weight * math.log(2)
    while len(steps) != limit and (pair := _least(pairs, TIE * weight)) is not None:
        a, b = int(pairs.first[pair]), int(pairs.second[pair])
        lost += float(joined(pairs.true[a : a + 1], pairs.true[b : b + 1])[0])
        left = entropy - lost
        left = left if left > RESIDUE * entropy else 0.0
        # Rounding aside the one is never negative, nor is the other above what is left.
        information = min(information - max(float(pairs.losses[pair]), 0.0), left)
        information = max(information, 0.0)
        hits += float(pairs.forward[pair] + pairs.backward[pair])
        pairs.merge(pair)
        steps.append(
            Step(
                merged=(names[a], names[b]),
                codes=(a, b),
                classes=classes - len(steps) - 1,
                accuracy=hits / weight,
                label_bits=left / bits,
                bits_lost=lost / bits,
                information_bits=information / bits,
            )
        )
        names[a] = f"{names[a]}+{names[b]}"
    return tuple(steps)


def _least(pairs: ConfusedPairs, tie: float) -> int | None:
    """Return the pair that loses least, None if there is none."""
    least = pairs.losses.min(initial=math.inf)
    if math.isinf(least):
        return None
    near = np.flatnonzero(pairs.losses <= least + tie)
    if len(near) > 1:
        confusions = pairs.forward[near] + pairs.backward[near]
        near = near[np.lexsort((pairs.second[near], pairs.first[near], -confusions))]
    return int(near[0])
