"""The losses as books write them, in plain torch operations. Imports nothing from crossent.

Rows (N, C) in, one number a row (or an element) out; the caller reduces.
"""

import torch
import torch.nn.functional as F


def measure(target, classes, *, weight=None, smoothing=0.0, counts=None):
    """Return q (N, C): weight of the class times the smoothed one-hot or soft target."""
    if target.ndim == 1:
        live = (target >= 0).double()
        soft = F.one_hot(target.clamp(min=0), classes).double() * live[:, None]
    else:
        live, soft = torch.ones(len(target), dtype=torch.float64), target
    q = (1 - smoothing) * soft + smoothing / classes * live[:, None]
    q = q if weight is None else q * weight
    return q if counts is None else q * counts[:, None]


def spread(indices, values, classes):
    """Return the soft labels (N, C) of the largest K; a negative index is padding."""
    hot = F.one_hot(indices.clamp(min=0), classes).double()
    return (hot * (values * (indices >= 0))[..., None]).sum(-2)


def softmax_rows(z, q, *, gamma=0.0, generalised=0.0, z_loss=0.0):
    """Return mass * phi(c / mass, lse) for c = sum_j q_j (-log p_j)."""
    return shaped((q * -torch.log_softmax(z, 1)).sum(1), q.sum(1), gamma, generalised) + (
        q.sum(1) * z_loss * torch.logsumexp(z, 1) ** 2
    )


def sigmoid_elements(z, one, nought, *, gamma=0.0):
    """Return the same of every element, a row of two classes."""
    return shaped(one * F.softplus(-z) + nought * F.softplus(z), one + nought, gamma)


def shaped(c, mass, gamma=0.0, generalised=0.0):
    """Return mass * phi(c / mass), 0 in a row without mass."""
    c = c / torch.where(mass == 0, 1.0, mass)
    if generalised:
        return mass * (1 - torch.exp(-generalised * c)) / generalised
    if gamma:
        away = torch.where(mass == 0, 1.0, c)
        return mass * (1 - torch.exp(-away)) ** gamma * away
    return mass * c


def per_class_softmax(z, q, gamma):
    """Return Keras' focal loss, sum_j q_j (1 - p_j)^gamma (-log p_j)."""
    logp = torch.log_softmax(z, 1)
    return (q * (1 - logp.exp()) ** gamma * -logp).sum(1)


def per_class_sigmoid(z, one, nought, gamma):
    """Return one (1 - p)^gamma (-log p) + nought p^gamma (-log(1 - p)), element by element."""
    p = torch.sigmoid(z)
    return one * (1 - p) ** gamma * F.softplus(-z) + nought * p**gamma * F.softplus(z)


def log_likelihood(logp, q):
    """Return sum_j q_j (-log p_j) of log-probabilities."""
    return (q * -logp).sum(1)


def binary(p, t):
    """Return -t log p - (1 - t) log(1 - p), element by element."""
    return -t * p.log() - (1 - t) * torch.log(1 - p)


def squares(x, t):
    """Return sum_j (x_j - t_j)^2."""
    return ((x - t) ** 2).sum(1)


def statistics(z, target):
    """Return log p at the target, lse and entropy, 0 in rows that are left out."""
    logp = torch.log_softmax(z, 1)
    live = target >= 0
    at = logp.gather(1, target.clamp(min=0)[:, None])[:, 0]
    three = at, torch.logsumexp(z, 1), -(logp.exp() * logp).sum(1)
    return tuple(torch.where(live, part, 0.0) for part in three)


def mean(rows, by):
    """Return sum(rows) / sum(by), 0 where there is nothing to divide by."""
    return rows.sum() / torch.where(by.sum() == 0, 1.0, by.sum())


def by_rows(rows, y):
    """Return the mean over the rows that count."""
    return mean(rows, (y >= 0).double())


def by_weight(rows, y, weight):
    """Return the mean over the weights of the rows' targets."""
    return mean(rows, (y >= 0) * weight[y.clamp(min=0)])


def weighted(rows, y, weight):
    """Return the same of rows that have not been multiplied by those weights."""
    return by_weight(weight[y.clamp(min=0)] * rows * (y >= 0), y, weight)


def every(z, y, rows, mask, *, weight, label_smoothing, temperature, softcap, z_loss, gamma):
    """Return the mean cross-entropy of class indices with every option at once."""
    counts = rows * mask * (y >= 0)
    q = measure(y, z.shape[1], weight=weight, smoothing=label_smoothing, counts=counts)
    linked = softcap * torch.tanh(z / temperature / softcap)
    losses = softmax_rows(linked, q, gamma=gamma, z_loss=z_loss)
    return mean(losses, counts * weight[y.clamp(min=0)])


def balanced(formula, z, t, alpha=0.25, gamma=2.0):
    """Return a focal loss of sigmoids with alpha for ones and 1 - alpha for noughts."""
    return formula(z, alpha * t, (1 - alpha) * (1 - t), gamma=gamma).mean()
