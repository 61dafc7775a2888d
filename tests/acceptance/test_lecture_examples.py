"""examples/lectures: equal to the library and to autograd, and unlike what is found in print.

The functions named `printed_...` are the mistakes, so that each is seen to give another number.
"""

import ast
import re
import runpy
import subprocess
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import crossent
from crossent import measures

FOLDER = Path(__file__).parents[2] / "examples" / "lectures"
FILES = sorted(FOLDER.glob("*.py"))

equal = partial(np.testing.assert_allclose, rtol=1e-12, atol=1e-14)


def lecture(name: str) -> SimpleNamespace:
    """Return the names that an example defines."""
    return SimpleNamespace(**runpy.run_path(str(FOLDER / f"{name}.py")))


binary = lecture("binary_logistic_regression")
regression = lecture("softmax_regression")
categorical = lecture("categorical_cross_entropy")
sparse = lecture("sparse_cross_entropy")
smoothing = lecture("label_smoothing")
network = lecture("backpropagation")
batches = lecture("mean_over_batches")
mixed = lecture("softmax_with_binary_losses")
table = lecture("cross_entropy_table")


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def problem(rows, *, classes):
    """Return examples (rows, 4), their one-hot targets, and weights (4, classes)."""
    r = rng()
    targets = np.eye(classes)[r.integers(classes, size=rows)]
    return r.normal(size=(rows, 4)), targets, r.normal(size=(4, classes))


def leaves(*arrays):
    """Return torch copies that collect a gradient."""
    return [torch.tensor(a, dtype=torch.float64, requires_grad=True) for a in arrays]


def softmax(z):
    return torch.softmax(torch.from_numpy(z), dim=1).numpy()


@pytest.mark.parametrize("scale", [1.0, 30.0, 1000.0])
def test_binary_losses_are_the_librarys(scale) -> None:
    r = rng()
    X, y, w = r.normal(size=(50, 3)), r.integers(2, size=50), scale * np.ones(3)
    expected = crossent.binary_cross_entropy_with_logits(X @ w + 0.5, y, reduction="none")
    equal(binary.losses(X, y, w, 0.5), expected)
    soft = r.random(50)
    expected = crossent.binary_cross_entropy_with_logits(X @ w, soft, reduction="none")
    equal(binary.losses(X, soft, w, 0.0), expected)


def test_each_step_of_binary_sgd_is_that_of_autograd() -> None:
    X, y = rng().normal(size=(40, 3)), rng().integers(2, size=40)
    w, b = np.zeros(3), 0.0
    tw, tb = leaves(w, b)
    sgd = torch.optim.SGD([tw, tb], lr=0.3)
    for i in range(40):
        w, b = binary.step(X[i], y[i], w, b, rate=0.3)
        sgd.zero_grad()
        z, t = torch.from_numpy(X[i]) @ tw + tb, torch.tensor(y[i], dtype=torch.float64)
        crossent.binary_cross_entropy_with_logits(z, t).backward()
        sgd.step()
        equal(w, tw.detach())
        equal(b, tb.detach())
    assert np.abs(w).min() > 0.01


@pytest.mark.parametrize(("score", "moved"), [(1000.0, -1.0), (-1000.0, 0.0)])
def test_a_step_from_an_extreme_score_overflows_nowhere(score, moved) -> None:
    w, b = binary.step(np.array([1.0]), 0, np.array([score]), 0.0, rate=1.0)
    assert (w[0] - score, b) == (moved, moved)


def printed_binary(X, y, w, b):
    """The softmax of one score, and one term: the loss of each example, and its slope in w."""
    p = softmax((X @ w + b)[:, None])[:, 0]
    return p, -y * np.log(p), (p - y)[:, None] * X


def test_a_softmax_of_one_score_always_loses_0_and_always_says_1() -> None:
    X, y = rng().normal(size=(20, 3)), rng().integers(2, size=20)
    for w in (np.zeros(3), np.ones(3), -100 * np.ones(3)):
        p, losses, slopes = printed_binary(X, y, w, 0.0)
        assert (p == 1).all()
        assert (losses == 0).all()
        assert (slopes == np.where(y == 1, 0.0, 1.0)[:, None] * X).all()
        assert float(crossent.cross_entropy((X @ w)[:, None], np.zeros(20, int))) == 0.0
        assert binary.losses(X, y, w, 0.0).min() > 0


def test_a_softmax_of_one_score_lets_the_weights_run_away() -> None:
    X, y, w = np.array([[1.0], [-1.0], [3.0]]), np.array([1, 0, 0]), np.zeros(1)
    lengths = []
    for _ in range(300):
        w = w - printed_binary(X, y, w, 0.0)[2].mean(axis=0)
        lengths.append(abs(w[0]))
    equal(np.diff(lengths), np.full(299, lengths[0]))  # the same step for ever


def test_the_gradients_of_softmax_regression_are_the_librarys() -> None:
    X, targets, W = problem(30, classes=3)
    y, b = targets.argmax(axis=1), np.array([0.1, -0.2, 0.3])
    loss, (of_weights, of_bias) = regression.loss_and_gradients(X, y, W, b)
    slope = crossent.cross_entropy_gradient(X @ W + b, y)
    equal(loss, crossent.cross_entropy(X @ W + b, y))
    equal(of_weights, X.T @ slope)
    equal(of_bias, slope.sum(axis=0))


def test_each_step_of_softmax_regression_is_that_of_autograd() -> None:
    X, targets, _ = problem(30, classes=3)
    y, weights = targets.argmax(axis=1), [np.zeros((4, 3)), np.zeros(3)]

    def scores(W, b):
        return torch.from_numpy(X) @ W + b

    def by_hand(*weights):
        return regression.loss_and_gradients(X, y, *weights)

    same_training(by_hand, scores, torch.from_numpy(y), weights)


def same_training(by_hand, scores, target, weights, *, steps=20, rate=0.5) -> None:
    """Assert that gradient descent by hand and by autograd agree in every step."""
    theirs = leaves(*weights)
    sgd = torch.optim.SGD(theirs, lr=rate)
    losses = []
    for _ in range(steps):
        loss, gradients = by_hand(*weights)
        sgd.zero_grad()
        expected = crossent.cross_entropy(scores(*theirs), target)
        expected.backward()
        equal(loss, expected.item())
        for gradient, leaf in zip(gradients, theirs, strict=True):
            equal(gradient, leaf.grad)
        weights = [w - rate * g for w, g in zip(weights, gradients, strict=True)]
        sgd.step()
        for weight, leaf in zip(weights, theirs, strict=True):
            equal(weight, leaf.detach())
        losses.append(loss)
    assert losses[-1] < 0.99 * losses[0]


@pytest.mark.parametrize("kind", ["one-hot", "soft"])
def test_each_step_of_backpropagation_is_that_of_autograd(kind) -> None:
    r = rng()
    X, targets = r.normal(size=(25, 3)), np.eye(4)[r.integers(4, size=25)]
    if kind == "soft":
        targets = smoothing.moved(targets, 0.2)
    weights = [r.normal(size=(3, 10)), r.normal(size=10), r.normal(size=(10, 4)), r.normal(size=4)]

    def scores(V, a, W, b):
        return torch.tanh(torch.from_numpy(X) @ V + a) @ W + b

    def by_hand(*weights):
        return network.loss_and_gradients(X, targets, *weights)

    same_training(by_hand, scores, torch.from_numpy(targets), weights)


@pytest.mark.parametrize("function", [categorical.by_loop, categorical.vectorised])
@pytest.mark.parametrize("kind", ["one-hot", "soft", "with zeros"])
def test_categorical_cross_entropy_is_the_librarys(function, kind) -> None:
    r = rng()
    p, targets = softmax(r.normal(size=(20, 5))), softmax(3 * r.normal(size=(20, 5)))
    if kind == "one-hot":
        targets = np.eye(5)[r.integers(5, size=20)]
    if kind == "with zeros":
        targets, p = np.insert(targets, 2, 0.0, axis=1), np.insert(p, 2, 0.0, axis=1)
    equal(function(targets, p), crossent.cross_entropy_from_probs(p, targets))
    if kind != "with zeros":
        equal(function(targets, p), crossent.cross_entropy(np.log(p), targets))


@pytest.mark.parametrize("function", [categorical.by_loop, categorical.vectorised])
def test_categorical_cross_entropy_at_the_edges(function) -> None:
    nothing = np.zeros((0, 3))
    assert function(nothing, nothing) == 0.0
    assert function(np.eye(3), np.eye(3)) == 0.0
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        assert function(np.eye(3)[[0]], np.eye(3)[[1]]) == np.inf


def printed_categorical(target, predicted):
    """Each term takes the place of the one before."""
    for t, p in zip(target, predicted, strict=True):
        loss = -t * np.log(p)
    return loss


def test_a_loop_that_assigns_returns_the_last_term_0_for_class_2_of_3() -> None:
    target, predicted = np.eye(3)[1], np.array([0.1, 0.7, 0.2])
    assert printed_categorical(target, predicted) == 0
    equal(categorical.by_loop(target[None], predicted[None]), -np.log(0.7))
    equal(printed_categorical(np.eye(3)[2], predicted), -np.log(0.2))  # right for the last class


def test_target_and_prediction_exchanged_are_infinite() -> None:
    target, predicted = np.eye(3)[[1]], np.array([[0.1, 0.7, 0.2]])
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        assert categorical.vectorised(predicted, target) == np.inf
    assert np.isfinite(categorical.vectorised(target, predicted))


@pytest.mark.parametrize("kind", [np.int64, np.uint8, np.int32])
def test_sparse_cross_entropy_is_the_librarys_and_that_of_the_one_hot(kind) -> None:
    z, y = 20 * rng().normal(size=(30, 5)), rng().integers(5, size=30).astype(kind)
    loss = sparse.sparse_cross_entropy(z, y)
    equal(loss, crossent.cross_entropy(z, y))
    equal(loss, categorical.by_loop(np.eye(5)[y], softmax(z)))


def test_no_examples_lose_nothing() -> None:
    z, y = np.zeros((0, 3)), np.zeros(0, int)
    assert sparse.sparse_cross_entropy(z, y) == 0.0 == float(crossent.cross_entropy(z, y))
    assert batches.mean_loss(np.zeros((0, 4)), y, np.zeros((4, 3)), size=2) == 0.0


@pytest.mark.parametrize("label", [3, -1])
def test_labels_from_1_are_refused_as_in_the_library(label) -> None:
    z, y = np.zeros((2, 3)), np.array([1, label])
    for loss in (sparse.sparse_cross_entropy, crossent.cross_entropy):
        with pytest.raises(IndexError, match=rf"{label} is not in 0\.\.2"):
            loss(z, y)


def printed_sparse(z, y):
    """The division stands inside the loop."""
    total = 0.0
    for row, label in zip(softmax(z), y, strict=True):
        total -= np.log(row[label])
        total /= len(y)
    return total


def test_a_division_inside_the_loop_is_right_for_one_example_only() -> None:
    z, y = rng().normal(size=(4, 3)), np.array([0, 1, 2, 1])
    equal(printed_sparse(z[:1], y[:1]), sparse.sparse_cross_entropy(z[:1], y[:1]))
    assert printed_sparse(z, y) < 0.5 * sparse.sparse_cross_entropy(z, y)


@pytest.mark.parametrize("eps", [0.0, 0.05, 0.3, 1.0])
def test_moved_mass_is_the_librarys_label_smoothing(eps) -> None:
    z, y = rng().normal(size=(20, 4)), rng().integers(4, size=20)
    expected = crossent.cross_entropy(z, y, label_smoothing=eps)
    equal(smoothing.loss(smoothing.moved(np.eye(4)[y], eps), z), expected)


@pytest.mark.parametrize("alpha", [0.0, 0.05, 0.2, 0.25])
def test_mass_per_wrong_class_is_the_librarys_with_as_many_times_it_as_classes(alpha) -> None:
    z, y = rng().normal(size=(20, 4)), rng().integers(4, size=20)
    soft = smoothing.per_class(np.eye(4)[y], alpha)
    equal(soft.sum(axis=1), np.ones(20))
    equal(smoothing.loss(soft, z), crossent.cross_entropy(z, y, label_smoothing=4 * alpha))
    equal(smoothing.loss(soft, z), crossent.cross_entropy(z, soft))


def test_a_smoothing_of_a_twentieth_by_both_conventions() -> None:
    one_hot = np.eye(3)[[0]]
    equal(smoothing.per_class(one_hot, 0.05), [[0.9, 0.05, 0.05]])
    equal(smoothing.moved(one_hot, 0.05), [[2.9 / 3, 0.05 / 3, 0.05 / 3]])
    equal(smoothing.moved(one_hot, 0.15), [[0.9, 0.05, 0.05]])


@pytest.mark.parametrize("size", [1, 3, 7, 32, 33, 99, 100, 1000])
def test_the_mean_over_100_images_is_the_same_for_every_batch_size(size) -> None:
    images, labels, W = hundred_images()
    loss = batches.mean_loss(images, labels, W, size)
    equal(loss, crossent.cross_entropy(images @ W, labels))
    parts = [slice(i, i + size) for i in range(0, 100, size)]
    sums = [crossent.cross_entropy_sum(images[part] @ W, labels[part]) for part in parts]
    equal(loss, sum(sums).mean())
    for part, expected in zip(parts, sums, strict=True):
        total, count = batches.batch_sum(images[part], labels[part], W)
        equal(total, expected.total)
        assert count == expected.count


def test_the_mean_of_the_means_is_another_number_with_a_short_last_batch() -> None:
    images, labels, W = hundred_images()
    parts = [slice(i, i + 32) for i in range(0, 100, 32)]
    means = [batches.mean_loss(images[part], labels[part], W, 32) for part in parts]
    assert abs(np.mean(means) - batches.mean_loss(images, labels, W, 32)) > 1e-3
    equal(np.average(means, weights=[32, 32, 32, 4]), batches.mean_loss(images, labels, W, 32))


def hundred_images():
    r = rng()
    return r.random((100, 784)), r.integers(10, size=100), r.normal(size=(784, 10)) / 28


def autograd(loss, X, targets, W):
    (leaf,) = leaves(W)
    (loss(torch.from_numpy(X) @ leaf, torch.from_numpy(targets)) / len(X)).backward()
    return leaf.grad


def binary_after_softmax(z, t):
    return crossent.binary_cross_entropy(torch.softmax(z, dim=1), t, reduction="sum")


LOSSES = {
    "softmax, cross-entropy": partial(crossent.cross_entropy, reduction="sum"),
    "sigmoids, binary losses": partial(crossent.binary_cross_entropy_with_logits, reduction="sum"),
    "softmax, binary losses": binary_after_softmax,
}


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("rows", [1, 20])
def test_three_gradients_in_the_weights_are_those_of_autograd(name, rows) -> None:
    X, targets, W = problem(rows, classes=3)
    found = mixed.gradients(X, targets, W)
    assert list(found) == list(LOSSES)
    equal(found[name], autograd(LOSSES[name], X, targets, W))


def test_only_the_softmax_with_binary_losses_is_not_x_times_o_less_y() -> None:
    X, targets, W = problem(20, classes=3)
    found, z, o = mixed.gradients(X, targets, W), X @ W, softmax(X @ W)
    equal(found["softmax, cross-entropy"], X.T @ (o - targets) / 20)
    equal(found["sigmoids, binary losses"], X.T @ (1 / (1 + np.exp(-z)) - targets) / 20)
    assert np.abs(found["softmax, binary losses"] - X.T @ (o - targets) / 20).max() > 0.05


def test_the_published_numbers_are_those_of_scores_0_3_less_0_5_and_1_2() -> None:
    found = mixed.gradients(np.ones((1, 1)), np.eye(3)[[1]], np.array([[0.3, -0.5, 1.2]]))
    assert found["softmax, cross-entropy"].round(2).tolist() == [[0.26, -0.89, 0.63]]
    assert found["softmax, binary losses"].round(2).tolist() == [[0.08, -1.12, 1.04]]


def test_with_two_classes_the_sum_is_twice_the_cross_entropy() -> None:
    found = mixed.gradients(*problem(20, classes=2))
    equal(found["softmax, binary losses"], 2 * found["softmax, cross-entropy"])


@pytest.mark.parametrize("q", table.QS, ids=str)
def test_the_table_is_that_of_the_library_and_infinite_at_an_impossible_class(q) -> None:
    value = table.cross_entropy(table.P, q)
    equal(value, measures.cross_entropy(table.P, q))
    assert np.isfinite(value) == q.all()


def test_the_table_with_1e_15_inside_the_logarithm_shows_the_published_numbers() -> None:
    shown = [round(table.cross_entropy(table.P, q + 1e-15), 4) for q in table.QS]
    assert shown[:3] == [0.8018, 0.8286, 0.8987]
    assert shown[3:7] == [4.0777, 4.1974, 4.6251, 5.0868]
    assert shown[7:] == [6.6795, 27.631, 31.0849, 24.3851]
    assert table.cross_entropy(np.eye(3)[0], np.eye(3)[0] + 1e-15) < 0


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_example_is_short_and_needs_numpy_alone(path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) < 30
    tree = ast.parse(text)
    assert ast.get_docstring(tree)
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    allowed = {"import numpy as np", "from pathlib import Path"}
    assert {ast.unparse(node) for node in imports} <= allowed


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_example_runs_from_anywhere_without_a_warning(path, tmp_path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", path],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert 1 <= len(done.stdout.splitlines()) <= 11
    assert "nan" not in done.stdout


def test_every_example_is_in_the_list() -> None:
    linked = re.findall(r"\]\(([^)]+)\)", (FOLDER / "README.md").read_text())
    assert sorted(linked) == [path.name for path in FILES]
    assert len(FILES) == 9
