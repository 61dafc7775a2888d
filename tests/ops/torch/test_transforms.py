"""Every door under every transform of PyTorch: the textbook's derivatives, or an error by name.

One table of doors, one of transforms, one of what is refused. The expected values are those of
`textbook.py` under plain autograd, in float64.
"""

from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor
from torch.autograd import forward_ad
from torch.utils.checkpoint import checkpoint

import crossent
from tests.ops.torch import textbook as book

N, C = 6, 5
GENERATOR = torch.Generator().manual_seed(7)


def numbers(*shape: int, least: float = -2.0, most: float = 2.0) -> Tensor:
    return least + (most - least) * torch.rand(*shape, generator=GENERATOR, dtype=torch.float64)


SCORES = numbers(N, C)
SCORES[1, 3] = SCORES[1, 0] = 2.5  # two largest
SCORES[2, 1] = 0.0  # where |z| has its corner
INDEX = torch.tensor([0, 3, -100, 4, 2, 2])
SOFT = torch.softmax(numbers(N, C), 1)
TOP = (torch.tensor([[0, 2], [3, -1], [4, 1], [1, 0], [2, 3], [0, 4]]), numbers(N, 2, least=0.1))
SHARES = numbers(N, C, least=0.0, most=1.0)
SHARES[0, 0], SHARES[0, 1] = 0.0, 1.0
ROWS = numbers(N, least=0.5)
MASK = torch.tensor([True, True, True, False, True, True])
WEIGHT = numbers(C, least=0.5)
POSITIVE = numbers(C, least=0.5)
LINKED = {"temperature": 1.5, "softcap": 4.0}
EVERY = {"weight": WEIGHT, "label_smoothing": 0.1, "z_loss": 0.01, "gamma": 2.0, **LINKED}


class Door(NamedTuple):
    """A loss, its textbook, and the data that lie beside its input, row by row."""

    name: str
    loss: Callable[..., Any]
    textbook: Callable[..., Tensor]
    data: tuple[Tensor, ...]
    use: Callable[..., Tensor] = lambda loss, *inputs: loss(*inputs)
    head: Callable[[Tensor], Tensor] = lambda scores: scores
    module: torch.nn.Module | None = None

    def __call__(self, *inputs: Tensor) -> Tensor:
        return self.use(self.loss, *inputs)


def softmax(scores: Tensor) -> Tensor:
    return torch.softmax(scores, -1)


def log_softmax(scores: Tensor) -> Tensor:
    return torch.log_softmax(scores, -1)


def with_rows(loss: Callable[..., Any], z: Tensor, y: Tensor, *rows: Tensor) -> Tensor:
    return loss(z, y, sample_weight=rows[0], mask=rows[1])


def three(loss: Callable[..., Any], z: Tensor, y: Tensor) -> Tensor:
    log_prob, lse, entropy, *_ = loss(z, y)
    return (0.3 * log_prob + 0.2 * lse - entropy).sum()


cross_entropy, focal, nn = crossent.cross_entropy, crossent.focal_loss, crossent.nn
per_class = {"gamma": 2.0, "form": "per_class"}
sigmoids = {"gamma": 2.0, "alpha": 0.25, "activation": "sigmoid"}
smooth = {"weight": WEIGHT, "label_smoothing": 0.1}
binary_options = {"weight": WEIGHT, "pos_weight": POSITIVE, "gamma": 1.5}

DOORS = [
    Door("cross_entropy-index", cross_entropy,
         lambda z, y: book.by_rows(book.softmax_rows(z, book.measure(y, C)), y),
         (INDEX,), module=nn.CrossEntropyLoss()),
    Door("cross_entropy-soft", partial(cross_entropy, reduction="none"),
         lambda z, t, rows: (rows * book.softmax_rows(z, t)).sum(),
         (SOFT, ROWS), use=lambda loss, z, t, rows: (rows * loss(z, t)).sum(),
         module=nn.CrossEntropyLoss(reduction="none")),
    Door("cross_entropy-top", cross_entropy,
         lambda z, i, v: book.softmax_rows(z, book.spread(i, v, C)).mean(),
         TOP, use=lambda loss, z, i, v: loss(z, (i, v)), module=nn.CrossEntropyLoss()),
    Door("cross_entropy-every", partial(cross_entropy, **EVERY), partial(book.every, **EVERY),
         (INDEX, ROWS, MASK), use=with_rows, module=nn.CrossEntropyLoss(**EVERY)),
    Door("cross_entropy_sum", partial(crossent.cross_entropy_sum, weight=WEIGHT),
         lambda z, y: book.by_weight(book.softmax_rows(z, book.measure(y, C, weight=WEIGHT)),
                                     y, WEIGHT),
         (INDEX,), use=lambda loss, z, y: loss(z, y).mean()),
    Door("nll_loss", partial(crossent.nll_loss, **smooth),
         lambda logp, y: book.by_weight(
             book.log_likelihood(logp, book.measure(y, C, weight=WEIGHT, smoothing=0.1)),
             y, WEIGHT),
         (INDEX,), head=log_softmax, module=nn.NLLLoss(**smooth)),
    Door("cross_entropy_from_probs", crossent.cross_entropy_from_probs,
         lambda p, y: book.by_rows(book.log_likelihood(p.log(), book.measure(y, C)), y),
         (INDEX,), head=softmax),
    Door("binary_cross_entropy", crossent.binary_cross_entropy,
         lambda p, t: book.binary(p, t).mean(),
         (SHARES,), head=torch.sigmoid, module=nn.BCELoss()),
    Door("binary_cross_entropy_with_logits",
         partial(crossent.binary_cross_entropy_with_logits, **binary_options),
         lambda z, t: book.sigmoid_elements(
             z, WEIGHT * POSITIVE * t, WEIGHT * (1 - t), gamma=1.5).mean(),
         (SHARES,), module=nn.BCEWithLogitsLoss(**binary_options)),
    Door("focal_loss-softmax", partial(focal, alpha=WEIGHT),
         lambda z, y: book.by_rows(
             book.softmax_rows(z, book.measure(y, C, weight=WEIGHT), gamma=2.0), y),
         (INDEX,), module=nn.FocalLoss(alpha=WEIGHT)),
    Door("focal_loss-sigmoid", partial(focal, **sigmoids),
         partial(book.balanced, book.sigmoid_elements), (SHARES,), module=nn.FocalLoss(**sigmoids)),
    Door("focal_loss-per_class-softmax", partial(focal, **per_class),
         lambda z, t: book.per_class_softmax(z, t, 2.0).mean(),
         (SOFT,), module=nn.FocalLoss(**per_class)),
    Door("focal_loss-per_class-sigmoid", partial(focal, **sigmoids, form="per_class"),
         partial(book.balanced, book.per_class_sigmoid),
         (SHARES,), module=nn.FocalLoss(**sigmoids, form="per_class")),
    Door("generalized_cross_entropy", crossent.generalized_cross_entropy,
         lambda z, y: book.by_rows(book.softmax_rows(z, book.measure(y, C), generalised=0.7), y),
         (INDEX,)),
    Door("squared_error", partial(crossent.squared_error, **smooth),
         lambda z, y: book.weighted(
             0.5 * book.squares(z, book.measure(y, C, smoothing=0.1)), y, WEIGHT),
         (INDEX,)),
    Door("brier_loss", crossent.brier_loss,
         lambda z, t: book.squares(softmax(z), t).mean(), (SOFT,)),
    Door("sigmoid_squared_error", partial(crossent.sigmoid_squared_error, weight=WEIGHT),
         lambda z, y: book.weighted(
             0.5 * book.squares(torch.sigmoid(z), book.measure(y, C)), y, WEIGHT),
         (INDEX,)),
    Door("cross_entropy_statistics", crossent.cross_entropy_statistics,
         partial(three, book.statistics), (INDEX,), use=three),
]  # fmt: skip


def door_of(name: str) -> Door:
    return next(door for door in DOORS if door.name == name)


class Derivatives(NamedTuple):
    """A scalar function of x at x: its value, gradient and Hessian."""

    x: Tensor
    value: Tensor
    gradient: Tensor
    hessian: Tensor


@cache
def expected(door: str) -> Derivatives:
    """The textbook's, by plain autograd."""
    row = door_of(door)
    x = row.head(SCORES)
    leaf = x.clone().requires_grad_()
    value = row.textbook(leaf, *row.data) + 0.0 * (leaf**2).sum()  # a linear one has a Hessian
    (gradient,) = torch.autograd.grad(value, leaf, create_graph=True)
    steps = torch.eye(x.numel(), dtype=x.dtype).reshape(-1, *x.shape)
    columns = [torch.autograd.grad(gradient, leaf, v, retain_graph=True)[0] for v in steps]
    return Derivatives(
        x, value.detach(), gradient.detach(), torch.stack(columns).reshape(x.shape * 2)
    )


def same(ours: Tensor, theirs: Tensor, share: float = 1e-10) -> None:
    """Equal to a share of the largest number."""
    atol = share * theirs.abs().max().item()
    torch.testing.assert_close(ours.double(), theirs, rtol=0, atol=atol)


def leaf(x: Tensor) -> Tensor:
    return x.clone().requires_grad_()


def backward(door: Door, of: Derivatives) -> None:
    x = leaf(of.x)
    value = door(x, *door.data)
    value.backward()
    same(value, of.value)
    same(x.grad, of.gradient)


def create_graph(door: Door, of: Derivatives) -> None:
    x, v = leaf(of.x), torch.linspace(-1, 2, of.x.numel()).double().reshape(of.x.shape)
    value = door(x, *door.data)  # squared: the upstream gradient has a derivative too
    (first,) = torch.autograd.grad(1.5 * value**2, x, create_graph=True)
    same(first, 3.0 * of.value * of.gradient)
    (second,) = torch.autograd.grad((first * v).sum(), x)
    inner = (v * of.gradient).sum() * of.gradient + of.value * torch.tensordot(v, of.hessian)
    same(second, 3.0 * inner)


def retain_graph(door: Door, of: Derivatives) -> None:
    x = leaf(of.x)
    value = door(x, *door.data)
    for upstream in (1.0, -0.5, 3.0):
        up = torch.tensor(upstream, dtype=value.dtype)
        (gradient,) = torch.autograd.grad(value, x, up, retain_graph=True)
        same(gradient, upstream * of.gradient)


def jvp(door: Door, of: Derivatives) -> None:
    v = torch.linspace(-1, 2, of.x.numel()).double().reshape(of.x.shape)
    value, slope = torch.func.jvp(lambda x: door(x, *door.data), (of.x,), (v,))
    same(value, of.value)
    same(slope, (v * of.gradient).sum())


def jacfwd(door: Door, of: Derivatives) -> None:
    same(torch.func.jacfwd(door)(of.x, *door.data), of.gradient)


def func_grad(door: Door, of: Derivatives) -> None:
    same(torch.func.grad(door)(of.x, *door.data), of.gradient)


def vmap_grad(door: Door, of: Derivatives) -> None:
    ours = torch.func.vmap(torch.func.grad(door))(of.x, *door.data)
    x = leaf(of.x)
    rows = [door.textbook(*(part[i : i + 1] for part in (x, *door.data))) for i in range(N)]
    same(ours, torch.autograd.grad(sum(rows), x)[0])


def hessian(door: Door, of: Derivatives) -> None:
    same(torch.func.hessian(door)(of.x, *door.data), of.hessian)


def jacrev_twice(door: Door, of: Derivatives) -> None:
    same(torch.func.jacrev(torch.func.jacrev(door))(of.x, *door.data), of.hessian)


def compiled(call: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    torch._dynamo.reset()
    return torch.compile(call, **{"fullgraph": True, "backend": "aot_eager", **options})


def compile_forward(door: Door, of: Derivatives) -> None:
    same(compiled(lambda *inputs: door(*inputs))(of.x, *door.data), of.value)


def compile_backward(door: Door, of: Derivatives, **options: Any) -> None:
    x = leaf(of.x)
    value = compiled(lambda *inputs: 3.0 * door(*inputs), **options)(x, *door.data)
    same(value, 3.0 * of.value)
    same(torch.autograd.grad(value, x)[0], 3.0 * of.gradient)


def compile_dynamic(door: Door, of: Derivatives) -> None:
    call = compiled(lambda *inputs: door(*inputs), dynamic=True)
    for size in (N, N - 2):
        inputs = [part[:size] for part in door.data]
        x, y = leaf(of.x[:size]), leaf(of.x[:size])
        value, exact = call(x, *inputs), door.textbook(y, *inputs)
        same(value, exact.detach())
        same(torch.autograd.grad(value, x)[0], torch.autograd.grad(exact, y)[0])


def compile_func_grad(door: Door, of: Derivatives) -> None:
    call = compiled(torch.func.grad(lambda *inputs: door(*inputs)))
    same(call(of.x, *door.data), of.gradient)


class Model(torch.nn.Module):
    """A linear layer and the loss: the door's own module where it has one."""

    def __init__(self, door: Door) -> None:
        super().__init__()
        self.door = door
        self.linear = torch.nn.Linear(4, C, bias=False)
        # Products and sums of these are bfloat16 numbers, as are the scores.
        steps = torch.arange(4 * C).reshape(C, 4)
        self.linear.weight = torch.nn.Parameter((steps * 7 % 9 - 4) / 4.0)
        self.loss = door.module

    def forward(self, x: Tensor, *data: Tensor) -> Tensor:
        inputs = self.door.head(self.linear(x))
        return self.door.use(self.loss or self.door.loss, inputs, *data)


FEATURES = (torch.arange(4 * N).reshape(N, 4) * 5 % 7 - 3) / 2.0


def of_model(door: Door) -> tuple[Tensor, Tensor]:
    """The value and the gradient in the layer's weight, of the textbook in float64."""
    weight = leaf(Model(door).linear.weight.detach().double())
    value = door.textbook(door.head(FEATURES.double() @ weight.T), *door.data)
    return value.detach(), torch.autograd.grad(value, weight)[0]


def autocast(door: Door, of: Derivatives) -> None:
    model = Model(door)
    with torch.autocast("cpu", torch.bfloat16):
        value = model(FEATURES, *door.data)
    value.backward()
    for ours, theirs in zip((value, model.linear.weight.grad), of_model(door), strict=True):
        same(ours, theirs, 1e-2)


def checkpointed(door: Door, of: Derivatives) -> None:
    for reentrant in (True, False):
        x = leaf(of.x)
        value = checkpoint(lambda x: door(x * 2, *door.data), x / 2, use_reentrant=reentrant)
        (3.0 * value).backward()
        same(value, of.value)
        same(x.grad, 3.0 * of.gradient)


def functional_call(door: Door, of: Derivatives) -> None:
    model = Model(door).double()
    tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    weight = tensors.pop("linear.weight").detach()

    def call(weight: Tensor) -> Tensor:
        named = {"linear.weight": weight, **tensors}
        return torch.func.functional_call(model, named, (FEATURES.double(), *door.data))

    gradient, value = torch.func.grad_and_value(call)(weight)
    outside = leaf(weight)
    call(outside).backward()
    exact, slope = of_model(door)
    same(value, exact)
    same(gradient, slope)
    same(outside.grad, slope)


TRANSFORMS = [
    backward, create_graph, retain_graph,
    jvp, jacfwd, func_grad, vmap_grad, hessian, jacrev_twice,
    compile_forward, compile_backward, compile_dynamic, compile_func_grad,
    autocast, checkpointed, functional_call,
]  # fmt: skip


@pytest.mark.parametrize("transform", TRANSFORMS, ids=lambda transform: transform.__name__)
@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_equals_the_textbook(door: Door, transform: Callable[[Door, Derivatives], None]) -> None:
    transform(door, expected(door.name))


def second_derivative(door: Door, backend: str) -> None:
    x = leaf(torch.ones(1))
    inputs = door.head(SCORES)
    value = compiled(lambda x: door(inputs * x, *door.data), backend=backend)(x)
    (first,) = torch.autograd.grad(value, x, create_graph=True)
    first.backward()


def transformed(door: Door) -> None:
    torch.func.grad(compiled(lambda x: door(x, *door.data)))(door.head(SCORES))


def forward_mode(door: Door) -> None:
    call, x = compiled(lambda x: door(x, *door.data)), leaf(door.head(SCORES))
    call(x)
    with forward_ad.dual_level():
        call(forward_ad.make_dual(x, torch.ones_like(x)))


AOT = partial(second_derivative, backend="aot_eager")
EAGER = partial(second_derivative, backend="eager")
TORCH = "does not currently support double backward"
OURS = "a second derivative of a crossent loss under torch.compile is not available; call the loss"

# The doors of operators, and one that composes. Every row must raise.
REFUSED = {
    "aot-softmax": ("cross_entropy-every", AOT, TORCH),
    "aot-sigmoid": ("binary_cross_entropy_with_logits", AOT, TORCH),
    "aot-composed": ("brier_loss", AOT, TORCH),
    "eager-softmax": ("cross_entropy-every", EAGER, OURS),
    "eager-sigmoid": ("binary_cross_entropy_with_logits", EAGER, OURS),
    # torch's own words, of any compiled function: compile the transform instead
    "func-of-compiled": ("cross_entropy-index", transformed, "functorch"),
    "forward-mode-of-compiled": ("cross_entropy-index", forward_mode, "jvp function"),
}


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor")  # Dynamo reads it itself
@pytest.mark.parametrize(("name", "call", "message"), REFUSED.values(), ids=REFUSED)
def test_refused_by_name(name: str, call: Callable[[Door], None], message: str) -> None:
    with pytest.raises(RuntimeError, match=message):
        call(door_of(name))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cross_entropy-every", "focal_loss-per_class-softmax"])
def test_inductor(name: str) -> None:
    compile_backward(door_of(name), expected(name), backend="inductor")
