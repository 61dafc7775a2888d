"""Exact losses and gradients of given doubles by mpmath. Imports nothing from crossent.

Every formula is evaluated at two precisions, the second more than twice the first; where the 60
digits of any number differ, precision goes on doubling. The forms are chosen so that this is rare:
log1p of a sum that leaves the maximum out, 1 - p there as r / (1 + r). `naive_*` use no such form.
"""

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import mpmath
from mpmath import mpf

DIGITS = 60
LIMIT = 40_000  # digits at which a number that still vanishes is 0: the widest row needs 8,700
NOTHING = mpf(10) ** -20_000  # below every floating type; written as 0

Q = dict[int, mpf]  # a target: mass at classes, the rest has none


def text(x: mpf, digits: int = DIGITS) -> str:
    """Return a number in that many significant digits, in exponent form."""
    if abs(x) < NOTHING:
        return "0"
    return mpmath.nstr(x, digits, min_fixed=1, max_fixed=0)


def settled(evaluate: Callable[[], dict[str, Any]], start: int = 100) -> dict[str, Any]:
    """Return what `evaluate` gives once a doubled precision no longer changes a digit."""
    digits, last = start, None
    while digits <= LIMIT:
        with mpmath.workdps(digits):
            now = evaluate()
        written = {key: _written(value) for key, value in now.items()}
        if written == last:
            return written
        digits, last = 2 * digits + 50, written
    vanishing = mpf(10) ** (-LIMIT // 4)
    cleaned = {key: _written(value, vanishing) for key, value in now.items()}
    assert "0" in [x for value in cleaned.values() for x in value]  # else not a matter of zeros
    return cleaned


def _written(value: Any, vanishing: mpf = NOTHING) -> Any:
    if isinstance(value, list):
        return [_written(x, vanishing) for x in value]
    return "0" if abs(value) < vanishing else text(value)


def target_measure(target: dict[str, Any], live: list[int], options: dict[str, Any]) -> Q:
    """Return q: (1 - eps) w_j q_j + eps / V w_j over the V live classes."""
    if "index" in target:
        pairs = [(target["index"], 1.0)]
    elif "top_k" in target:
        pairs = [p for p in zip(target["top_k"], target["values"], strict=True) if p[0] >= 0]
    else:
        pairs = [(j, x) for j, x in enumerate(target["soft"]) if x != 0]
    eps, weight = mpf(options.get("label_smoothing", 0.0)), options.get("weight")

    def w(j: int) -> mpf:
        return mpf(1 if weight is None else weight[j])

    q: Q = {}
    for j, x in pairs:
        q[j] = q.get(j, mpf(0)) + (1 - eps) * w(j) * mpf(x)
    if eps:
        for j in live:
            q[j] = q.get(j, mpf(0)) + eps / len(live) * w(j)
    return q


def linked(x: float, options: dict[str, Any]) -> tuple[mpf, mpf, mpf]:
    """Return softcap tanh(x / T / softcap), its derivative, the condition of that derivative."""
    t = mpf(options.get("temperature", 1.0))
    z = mpf(x) / t
    if "softcap" not in options:
        return z, 1 / t, mpf(0)
    cap = mpf(options["softcap"])
    u = z / cap
    return cap * mpmath.tanh(u), mpmath.sech(u) ** 2 / t, abs(2 * u * mpmath.tanh(u))


def phi(c: mpf, options: dict[str, Any]) -> tuple[mpf, mpf]:
    """Return phi(c), the z-loss aside, and its derivative."""
    gamma, eps = mpf(options.get("gamma", 0.0)), mpf(options.get("poly_epsilon", 0.0))
    if c == 0:
        return mpf(0), mpf(0) if gamma else 1 + eps
    u, p = -mpmath.expm1(-c), mpmath.exp(-c)
    if gamma:
        return u**gamma * c, u**gamma + gamma * u ** (gamma - 1) * p * c
    return c + eps * u, 1 + eps * p


def softmax(
    z: list[float], target: dict[str, Any], options: dict[str, Any], at: list[int]
) -> dict[str, Any]:
    """Return loss, gradient at classes `at`, its largest entry, the scale and conditions.

    scale      what a gradient's error is measured in: for a class index its largest entry, for
               other targets, where p and q cancel, the largest of |phi'| (mass p_j + q_j)
    condition  what one relative rounding of every linked logit, or of lse, does to the loss
               (relative to it) and to the gradient (relative to its scale); 1 where the link is
               exact: none, or a division by a power of two
    """
    rounds = "softcap" in options or math.frexp(options.get("temperature", 1.0))[0] != 0.5
    logit = {x: linked(x, options) for x in set(z) if x != float("-inf")}
    live = [j for j, x in enumerate(z) if x in logit]
    top = max(live, key=lambda j: z[j])
    m = logit[z[top]][0]
    below = {x: m - v[0] for x, v in logit.items()}
    share = {x: mpmath.exp(-d) for x, d in below.items()}
    count = Counter(z[j] for j in live)
    rest = count - Counter([z[top]])
    r = mpmath.fsum(n * share[x] for x, n in rest.items())
    q = target_measure(target, live, options)
    mass = mpmath.fsum(q.values())
    others = mpmath.fsum(x for j, x in q.items() if j != top)
    size = mpmath.log1p(r)
    c = size + mpmath.fsum(x * below[z[j]] for j, x in q.items()) / mass
    lse, lam = m + size, mpf(options.get("z_loss", 0.0))
    value, by_c = phi(c, options)
    loss = mass * (value + lam * lse**2)
    by_lse = mass * 2 * lam * lse
    lift = (abs(m) + size) / abs(lse) if lam and lse else mpf(1)  # what cancels in lse
    norm = mpmath.fsum(n * share[x] * abs(logit[x][0]) for x, n in count.items()) / (1 + r)

    def entry(j: int) -> tuple[mpf, mpf, mpf]:
        """Return the gradient, its size without cancelling, and its rounding."""
        if z[j] not in logit:
            return mpf(0), mpf(0), mpf(0)
        at_logit, by_link, bent = logit[z[j]]
        p, q_j = share[z[j]] / (1 + r), q.get(j, mpf(0))
        plain = others - mass * r / (1 + r) if j == top else mass * p - q_j
        g = by_link * (by_c * plain + by_lse * p)
        scale = by_link * (abs(by_c) * (mass * p + q_j) + abs(by_lse) * p)
        moved = by_link * mass * p * (abs(at_logit) + norm - 2 * p * abs(at_logit))
        rounding = moved + bent * abs(g) if rounds else mpf(0)
        return g, scale, rounding + by_link * abs(by_lse) * p * (lift - 1)

    first = {z[j]: j for j in reversed(live) if j not in q}  # one class for each value of logit
    known = {j: entry(j) for j in {*at, *first.values(), *q, top}}
    largest = max(abs(g) for g, _, _ in known.values())
    alone = "index" in target and not options.get("label_smoothing")
    scale = largest if alone else max(s for _, s, _ in known.values())
    condition = [mpf(1), mpf(1)]
    if loss and scale:
        moved_c = _moved(logit, z, q, mass, share, r, top) * by_c / loss if rounds else mpf(0)
        lifted = mass * (value + lam * lse**2 * lift) / loss
        worst = max(rounding for _, _, rounding in known.values())
        condition = [max(mpf(1), moved_c, lifted), max(mpf(1), worst / scale)]
    return {
        "loss": loss,
        "gradient": [known[j][0] for j in at],
        "largest": largest,
        "scale": scale,
        "condition": condition,
    }


def _moved(
    logit: dict[float, Any],
    z: list[float],
    q: Q,
    mass: mpf,
    share: dict[float, mpf],
    r: mpf,
    top: int,
) -> mpf:
    """Return sum |z_j dc/dz_j| over the linked logits."""
    others = mpmath.fsum(x for j, x in q.items() if j != top)
    total = abs(logit[z[top]][0] * (others - mass * r / (1 + r)))
    for j, x in enumerate(z):
        if x in logit and j != top:
            total += abs(logit[x][0] * (mass * share[x] / (1 + r) - q.get(j, mpf(0))))
    return total


def sigmoid(z: float, t: float, pos_weight: float, gamma: float) -> dict[str, Any]:
    """Return loss, gradient and scale of one sigmoid element."""
    positive, negative = mpf(pos_weight) * mpf(t), 1 - mpf(t)
    mass = positive + negative
    if abs(z) == float("inf"):  # only the certain and right ones: both are limits of 0
        assert (positive if z < 0 else negative) == 0
        return {"loss": mpf(0), "gradient": mpf(0), "scale": mpf(0)}
    x = mpf(z)
    e = mpmath.exp(-abs(x))
    up = mpmath.log1p(e) + max(x, 0)  # log(1 + e^z)
    down = mpmath.log1p(e) + max(-x, 0)
    value, by_c = phi((positive * down + negative * up) / mass, {"gamma": gamma})
    near, far = 1 / (1 + e), e / (1 + e)
    p, p_not = (near, far) if z >= 0 else (far, near)
    g = by_c * (negative * p - positive * p_not)
    scale = abs(g) if t in (0, 1) else by_c * (mass * p + positive)
    return {"loss": mass * value, "gradient": g, "scale": scale}


def naive_softmax(z: list[float], target: dict[str, Any], options: dict[str, Any]) -> list[mpf]:
    """Return loss and gradient from p = e^z / sum e^z and central differences of the loss."""
    live = [j for j, x in enumerate(z) if x != float("-inf")]
    span = max(z[j] for j in live) - min(z[j] for j in live)
    gamma, poly, lam = (options.get(key, 0.0) for key in ("gamma", "poly_epsilon", "z_loss"))

    def loss(moved: list[mpf]) -> mpf:
        q = target_measure(target, live, options)
        mass = sum(q.values())
        power = {j: mpmath.exp(linked(moved[j], options)[0]) for j in live}
        total = sum(power.values())
        c = -sum(x * mpmath.log(power[j] / total) for j, x in q.items()) / mass
        shaped = (1 - mpmath.exp(-c)) ** mpf(gamma) * c + mpf(poly) * (1 - mpmath.exp(-c))
        return mass * (shaped + mpf(lam) * mpmath.log(total) ** 2)

    with mpmath.workdps(int(400 + 3 * span / options.get("temperature", 1.0))):
        step = mpf(10) ** -40
        moved = [
            [[x + s * step * (k == j) for k, x in enumerate(z)] for s in (1, -1)] for j in live
        ]
        slopes = dict(
            zip(live, [(loss(up) - loss(down)) / (2 * step) for up, down in moved], strict=True)
        )
        return [loss([mpf(x) for x in z]), *(slopes.get(j, mpf(0)) for j in range(len(z)))]
