"""Perplexities of a stream of tokens, with the denominators they were measured by.

Perplexity a token depends on the tokenizer; a word and a byte do not. All three are kept as
logarithms: a perplexity of a long text overflows, its logarithm does not.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tokens:
    """The loss of all tokens, in nats, and how many tokens, words and bytes it is of.

    With weights every count is a sum of weights. `words` and `bytes` are None where the file does
    not count them.
    """

    nats: float
    tokens: float
    words: float | None = None
    bytes: float | None = None

    @property
    def log_perplexity(self) -> float:
        """Nats a token."""
        return _mean(self.nats, self.tokens)

    @property
    def log_word_perplexity(self) -> float:
        """Nats a word; NaN where words are not counted."""
        return _mean(self.nats, self.words)

    @property
    def log_byte_perplexity(self) -> float:
        """Nats a byte; NaN where bytes are not counted."""
        return _mean(self.nats, self.bytes)

    @property
    def perplexity(self) -> float:
        """exp of the nats a token."""
        return exp(self.log_perplexity)

    @property
    def word_perplexity(self) -> float:
        """exp of the nats a word."""
        return exp(self.log_word_perplexity)

    @property
    def byte_perplexity(self) -> float:
        """exp of the nats a byte."""
        return exp(self.log_byte_perplexity)

    @property
    def bits_per_byte(self) -> float:
        """The nats a byte over log 2."""
        return self.log_byte_perplexity / math.log(2)


def exp(value: float) -> float:
    """Return e^value, infinity where that is above the largest float."""
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf


def _mean(nats: float, count: float | None) -> float:
    return nats / count if count else math.nan
