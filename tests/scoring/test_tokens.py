"""Perplexities of a token stream, each by its own denominator."""

import math

import numpy as np
import pytest
from torchmetrics.functional.text import perplexity

from crossent.scoring.rows import score_logprobs
from crossent.scoring.tally import Tally
from crossent.scoring.tokens import Tokens, exp


def test_each_has_its_denominator():
    got = Tokens(nats=12.0, tokens=8.0, words=6, bytes=24)
    assert (got.log_perplexity, got.log_word_perplexity, got.log_byte_perplexity) == (1.5, 2.0, 0.5)
    assert (got.perplexity, got.word_perplexity) == (math.exp(1.5), math.exp(2.0))
    assert got.byte_perplexity == math.exp(0.5)
    assert got.bits_per_byte == pytest.approx(math.log2(math.exp(0.5)))


def test_what_is_not_counted_is_undefined():
    for none in (None, 0):
        got = Tokens(3.0, 2.0, words=none, bytes=none)
        assert np.isnan([got.word_perplexity, got.byte_perplexity, got.bits_per_byte]).all()
        assert got.perplexity == math.exp(1.5)


def test_a_perplexity_overflows_and_its_logarithm_does_not():
    got = Tokens(nats=1e6, tokens=1000.0, words=1000)
    assert got.word_perplexity == got.perplexity == math.inf
    assert got.log_word_perplexity == 1000.0
    assert Tokens(math.inf, 3.0).perplexity == math.inf
    assert exp(-math.inf) == 0.0


def test_a_stream_is_torchmetrics_perplexity():
    import torch

    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(20), 100)
    tokens = rng.integers(0, 20, 100)
    tally = Tally(())
    words = rng.integers(0, 2, 100)
    given = np.log(p[np.arange(100), tokens])
    tally.update(score_logprobs(logprob=given[:60], words=words[:60], bytes=3 + words[:60]))
    tally.update(score_logprobs(logprob=given[60:], words=words[60:], bytes=3 + words[60:]))
    scores = tally.result()
    got = scores.tokens
    want = perplexity(torch.from_numpy(np.log(p))[None], torch.from_numpy(tokens)[None]).item()
    assert got.perplexity == scores.perplexity == pytest.approx(want, rel=1e-12)
    assert (got.tokens, got.words, got.bytes) == (100, words.sum(), 300 + words.sum())
    assert got.log_byte_perplexity == pytest.approx(-given.sum() / got.bytes, rel=1e-13)
    assert np.isnan([scores.accuracy, scores.prior_log_loss, scores.brier]).all()
    assert scores.calibration is None
