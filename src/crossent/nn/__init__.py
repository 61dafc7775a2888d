"""The losses as PyTorch modules, with torch's constructor arguments and buffer names."""

from crossent.nn import functional as functional
from crossent.nn.logits import BCEWithLogitsLoss, CrossEntropyLoss, FocalLoss
from crossent.nn.probabilities import BCELoss, NLLLoss

__all__ = ["BCELoss", "BCEWithLogitsLoss", "CrossEntropyLoss", "FocalLoss", "NLLLoss"]
