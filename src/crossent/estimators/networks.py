"""The networks that settings name: from features (N, ...) to logits (N, C). No training here."""

from collections import OrderedDict
from collections.abc import Sequence
from itertools import pairwise
from math import prod

from torch import nn

from crossent.errors import InputError
from crossent.estimators.settings import Model

CHANNELS = (16, 32, 64, 128)
LARGEST_MAP = 7  # convolutions halve an image until its shorter side is at most this


def build(
    model: Model, input_shape: Sequence[int], classes: int, hidden: Sequence[int] = ()
) -> nn.Sequential:
    """Return a network for features of `input_shape`, initialised from torch's generator.

    "linear" is softmax regression, started at 0; "mlp" has ReLU layers of the widths `hidden`;
    "cnn" halves images (C, H, W) by 3 x 3 convolutions, ReLU and max pooling, then the same
    dense layers. Raises InputError for a cnn on anything but images, and for features of no size.
    """
    inputs = prod(input_shape)
    if inputs == 0:
        raise InputError(f"there is nothing to learn from: features of shape {tuple(input_shape)}")
    if model == "cnn":
        return nn.Sequential(_convolutions(input_shape, classes, hidden))
    layers = OrderedDict[str, nn.Module](flatten=nn.Flatten())
    layers.update(_dense(inputs, hidden if model == "mlp" else (), classes))
    network = nn.Sequential(layers)
    if model == "linear":
        for parameter in network.parameters():
            nn.init.zeros_(parameter)
    return network


def _convolutions(
    input_shape: Sequence[int], classes: int, hidden: Sequence[int]
) -> OrderedDict[str, nn.Module]:
    if len(input_shape) != 3:
        raise InputError(
            f"a cnn needs images of shape (channels, height, width); got features of shape "
            f"{tuple(input_shape)}. Use --model mlp"
        )
    channels, height, width = input_shape
    layers = OrderedDict[str, nn.Module]()
    for number, wider in enumerate(_widths(min(height, width)), 1):
        layers[f"conv{number}"] = nn.Conv2d(channels, wider, 3, padding=1)
        layers[f"relu_conv{number}"] = nn.ReLU()
        channels = wider
        if min(height, width) > 1:
            layers[f"pool{number}"] = nn.MaxPool2d(2)
            height, width = height // 2, width // 2
    layers["flatten"] = nn.Flatten()
    layers.update(_dense(channels * height * width, hidden, classes))
    return layers


def _widths(side: int) -> list[int]:
    """Return the channels of each convolution: two at least, more for larger images."""
    count = 0
    while side > LARGEST_MAP:
        side //= 2
        count += 1
    return [CHANNELS[min(i, len(CHANNELS) - 1)] for i in range(max(2, count))]


def _dense(inputs: int, hidden: Sequence[int], classes: int) -> OrderedDict[str, nn.Module]:
    layers = OrderedDict[str, nn.Module]()
    for number, (before, after) in enumerate(pairwise((inputs, *hidden)), 1):
        layers[f"dense{number}"] = nn.Linear(before, after)
        layers[f"relu{number}"] = nn.ReLU()
    layers["output"] = nn.Linear(hidden[-1] if hidden else inputs, classes)
    return layers
