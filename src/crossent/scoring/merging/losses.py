"""What merging two clusters of classes loses of the information between label and prediction.

Owns the confused pairs and their losses, kept up to date from merge to merge. With f(x) = x log x
and shares n of true class i and predicted class j, I = sum f(n_ij) - sum f(n_i.) - sum f(n_.j), so
a merge of u and v on both axes loses, with g(x, y) = f(x + y) - f(x) - f(y),

    g(n_u., n_v.) + g(n_.u, n_.v) - sum_j g(n_uj, n_vj) - sum_i g(n_iu, n_iv)
        - (f(sum of the four cells of u and v) - sum of f(each of the four))

where the two sums are over the other classes: those that both u and v are confused with. A merge
of a and b changes the losses of the pairs that are both confused with a or b, and of no others.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


class ConfusedPairs:
    """Pairs of clusters (first < second) with confusions either way; a cluster is its first class.

    `forward` (E,) is the share of rows of `first` predicted as `second`, `backward` the other way
    round; `hits`, `true` and `predicted` (C,) are the diagonal and the margins; `losses` (E,) are
    in nats. A pair that is no more has the loss inf.
    """

    def __init__(self, true: Codes, predicted: Codes, shares: Floats, classes: int) -> None:
        self.true = _sums(true, shares, classes)
        self.predicted = _sums(predicted, shares, classes)
        right = true == predicted
        self.hits = _sums(true[right], shares[right], classes)
        low, high = np.minimum(true, predicted)[~right], np.maximum(true, predicted)[~right]
        key, place = np.unique(low * classes + high, return_inverse=True)
        ahead = (true < predicted)[~right]
        self.first, self.second = np.divmod(key, classes)
        self.forward = _sums(place[ahead], shares[~right][ahead], len(key))
        self.backward = _sums(place[~ahead], shares[~right][~ahead], len(key))
        # Row by cluster: shares from and to the two that are merged; the last row is nobody's.
        self._from = np.zeros((2, classes + 1))
        self._to = np.zeros((2, classes + 1))
        self._near = np.zeros(classes + 1, dtype=np.bool_)
        self._nobody = classes
        common = _common(self.first, self.second, self.forward, self.backward, classes)
        self.losses = self._own(np.arange(len(key))) - common

    def merge(self, pair: int) -> None:
        """Make cluster `second[pair]` part of `first[pair]`."""
        a, b = int(self.first[pair]), int(self.second[pair])
        slots, near = self._gather(a, b)
        # Both ends are confused with a or b.
        both = np.flatnonzero(self._near[self.first] & self._near[self.second])
        common = self._update(both)
        self.hits[a] += self.hits[b] + self.forward[pair] + self.backward[pair]
        self.true[a] += self.true[b]
        self.predicted[a] += self.predicted[b]
        # The pairs of the merged cluster take the places of those of a and b.
        kept, gone = slots[: len(near)], slots[len(near) :]
        outward, inward = self._from.sum(axis=0)[near], self._to.sum(axis=0)[near]
        ahead = near > a
        self.first[kept], self.second[kept] = np.minimum(near, a), np.maximum(near, a)
        self.forward[kept] = np.where(ahead, outward, inward)
        self.backward[kept] = np.where(ahead, inward, outward)
        self.losses[kept] = self._own(kept) - common[near]
        self.first[gone] = self.second[gone] = self._nobody
        self.forward[gone] = self.backward[gone] = 0.0
        self.losses[gone] = np.inf
        self._from[:, near] = self._to[:, near] = 0.0
        self._near[near] = False
        if 2 * np.count_nonzero(self.first == self._nobody) > len(self.first):
            self._compact()

    def _gather(self, a: int, b: int) -> tuple[Codes, Codes]:
        """Note the shares between a, b and the others; return their pairs and the others."""
        touched: list[Codes] = []
        for place, cluster in enumerate((a, b)):
            for ends, others, out, into in (
                (self.first, self.second, self.forward, self.backward),
                (self.second, self.first, self.backward, self.forward),
            ):
                found = np.flatnonzero(ends == cluster)
                self._from[place, others[found]] = out[found]
                self._to[place, others[found]] = into[found]
                self._near[others[found]] = True
                touched.append(found)
        self._from[:, [a, b]] = self._to[:, [a, b]] = 0.0
        self._near[[a, b]] = False
        return np.unique(np.concatenate(touched)), np.flatnonzero(self._near)

    def _update(self, pairs: Codes) -> Floats:
        """Bring the losses of `pairs` up to date; return the new cluster's sums of g, (C + 1,)."""
        x, y = self.first[pairs], self.second[pairs]
        xy, yx = self.forward[pairs], self.backward[pairs]
        f_xy, f_yx = xlogx(xy), xlogx(yx)
        at_x, at_y = np.zeros(len(pairs)), np.zeros(len(pairs))
        change = np.zeros(len(pairs))
        # First the columns a and b of the table become one, then the rows a and b.
        for (of_a, of_b), x_y, y_x, f_x_y, f_y_x in (
            (self._to, yx, xy, f_yx, f_xy),
            (self._from, xy, yx, f_xy, f_yx),
        ):
            merged = of_a + of_b
            f_merged = xlogx(merged)
            alone = f_merged - xlogx(of_a) - xlogx(of_b)
            m_x, m_y = merged[x], merged[y]
            change += alone[x] + alone[y] - xlogx(m_x + m_y)
            change += xlogx(of_a[x] + of_a[y]) + xlogx(of_b[x] + of_b[y])
            # y is what x and the merged cluster share, and x what y and it share.
            at_x += np.where((m_y > 0) & (x_y > 0), xlogx(m_y + x_y) - f_merged[y] - f_x_y, 0.0)
            at_y += np.where((m_x > 0) & (y_x > 0), xlogx(m_x + y_x) - f_merged[x] - f_y_x, 0.0)
        self.losses[pairs] += change
        size = len(self._near)
        return _sums(x, at_x, size) + _sums(y, at_y, size)

    def _own(self, pairs: Codes) -> Floats:
        """Return the part of the losses of `pairs` that is of the two clusters alone."""
        u, v = self.first[pairs], self.second[pairs]
        cells = (self.hits[u], self.hits[v], self.forward[pairs], self.backward[pairs])
        return (
            joined(self.true[u], self.true[v])
            + joined(self.predicted[u], self.predicted[v])
            + sum(xlogx(cell) for cell in cells)
            - xlogx(cells[0] + cells[1] + cells[2] + cells[3])
        )

    def _compact(self) -> None:
        live = self.first != self._nobody
        self.first, self.second = self.first[live], self.second[live]
        self.forward, self.backward = self.forward[live], self.backward[live]
        self.losses = self.losses[live]


def xlogx(x: Floats) -> Floats:
    """Return x log x in nats, 0 at 0."""
    return x * np.log(np.where(x > 0.0, x, 1.0))


def joined(x: Floats, y: Floats) -> Floats:
    """Return g(x, y) = f(x + y) - f(x) - f(y), at least 0."""
    return np.maximum(xlogx(x + y) - xlogx(x) - xlogx(y), 0.0)


def _common(first: Codes, second: Codes, forward: Floats, backward: Floats, classes: int) -> Floats:
    """Return for each pair the sum of g over the classes that both are confused with, (E,).

    Of each pair the neighbours of the end with fewer are looked up among those of the other: at
    most E^1.5 look-ups, however many classes one class is confused with.
    """
    ends, others = np.concatenate([first, second]), np.concatenate([second, first])
    order = np.lexsort((others, ends))
    pair = np.tile(np.arange(len(first)), 2)[order]
    ends, others = ends[order], others[order]
    out = np.concatenate([forward, backward])[order]
    into = np.concatenate([backward, forward])[order]
    degree = np.bincount(ends, minlength=classes)
    start = np.cumsum(degree) - degree
    smaller = (degree[others] < degree[ends]) | ((degree[others] == degree[ends]) & (others < ends))
    sums = np.zeros(len(first))
    from_u, to_u = np.zeros(classes), np.zeros(classes)
    near = np.zeros(classes, dtype=np.bool_)
    for u in np.unique(ends[smaller]):
        own = slice(start[u], start[u] + degree[u])
        from_u[others[own]], to_u[others[own]], near[others[own]] = out[own], into[own], True
        asked = np.flatnonzero(smaller[own]) + start[u]
        v = others[asked]
        sizes = degree[v]
        # The places of all neighbours of all v, one v after the other.
        skipped = np.cumsum(sizes) - sizes
        at = np.arange(int(sizes.sum())) + np.repeat(start[v] - skipped, sizes)
        asker = np.repeat(np.arange(len(asked)), sizes)
        found = near[others[at]]
        at, asker = at[found], asker[found]
        shared = others[at]
        terms = joined(from_u[shared], out[at]) + joined(to_u[shared], into[at])
        sums[pair[asked]] = _sums(asker, terms, len(asked))
        near[others[own]] = False
        from_u[others[own]] = to_u[others[own]] = 0.0
    return sums


def _sums(codes: Codes, values: Floats, size: int) -> Floats:
    return np.bincount(codes, weights=values, minlength=size).astype(np.float64)
