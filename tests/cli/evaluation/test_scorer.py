import numpy as np
import pytest

from crossent.cli.evaluation.scorer import Scorer, piece
from crossent.data.predictions.batch import Batch
from crossent.errors import InputError
from crossent.scoring.merging.merge import merge_classes

VALUES = np.array([[0.5, 0.25, 0.25], [0.125, 0.25, 0.625]])
LABELS = np.array([1, 2])
BATCH = Batch("f.csv", np.array([7, 9]), labels=LABELS, values=VALUES)
PROBS = Scorer("probs", normalize=False, columns=("p_a", "p_b", "p_c"))


def test_losses_and_what_names_a_row():
    rows = PROBS.rows(BATCH)
    assert rows.loss.tolist() == (-np.log([0.25, 0.625])).tolist()
    assert (rows.source, rows.number.tolist()) == ("f.csv", [7, 9])


def test_the_kind_is_that_of_the_stream():
    batch = Batch("f.csv", np.arange(2), labels=LABELS, values=np.log(VALUES) + 3.0)
    assert Scorer("logits", normalize=False).rows(batch).loss == pytest.approx(
        PROBS.rows(BATCH).loss
    )


def test_weights_and_the_log_probability_alone():
    batch = Batch(
        "f.csv",
        np.arange(3),
        logprob=np.array([-1.0, -2.0, -4.0]),
        weights=np.array([1.0, 0.0, 2.0]),
        words=np.array([1, 0, 2]),
        bytes=np.array([5, 1, 9]),
    )
    rows = Scorer("logprobs", normalize=False).rows(batch)
    assert rows.loss.tolist() == [1.0, 4.0]
    assert rows.words is not None
    assert rows.words.tolist() == [1, 2]
    assert rows.bytes is not None
    assert rows.bytes.tolist() == [5, 9]
    assert (rows.label, rows.read) == (None, 3)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.5, 0.5, 0.5], r"'f.csv', row 9: .* sum to 1.5; give --normalize .* --kind logits"),
        ([np.nan, 0.5, 0.5], r"'f.csv', row 9, 'p_a': .* finite numbers; got nan"),
        ([-0.5, 1.0, 0.5], r"row 9, 'p_a': .* negative; got -0.5.* --kind logits or --kind logp"),
    ],
)
def test_a_message_names_file_row_column_and_flag(values: list[float], expected: str):
    batch = Batch("f.csv", np.array([7, 9]), labels=LABELS, values=np.stack([VALUES[0], values]))
    with pytest.raises(InputError, match=expected):
        PROBS.rows(batch)


def test_standard_input_is_called_so():
    batch = Batch("-", np.arange(2), labels=LABELS, values=VALUES * 2)
    with pytest.raises(InputError, match=r"^standard input, row 0: "):
        PROBS.rows(batch)


def test_probabilities_of_merged_classes_add():
    merge = merge_classes("abc", {"x": "ac"})
    soft = np.array([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]])
    merged = PROBS.merged(Batch("f", BATCH.rows, LABELS, VALUES, target_probs=soft), merge)
    assert merged.values is not None
    assert merged.labels is not None
    assert merged.values.tolist() == [[0.75, 0.25], [0.75, 0.25]]
    assert merged.labels.tolist() == [1, 0]
    assert merged.target_probs is not None
    assert merged.target_probs.tolist() == [[0.5, 0.5], [1.0, 0.0]]


def test_columns_that_do_not_go_together():
    alone = Batch("f.csv", np.arange(1), LABELS[:1], logprob=np.array([-1.0]))
    with pytest.raises(InputError, match="--merge needs the probabilities of all classes"):
        PROBS.merged(alone, merge_classes("abc", {"x": "ac"}))
    soft = Batch("f.csv", np.arange(1), logprob=np.array([-1.0]), target_probs=VALUES[:1])
    with pytest.raises(InputError, match="--soft-labels"):
        PROBS.rows(soft)
    words = Batch("f.csv", np.arange(2), LABELS, VALUES, words=np.array([1, 1]))
    with pytest.raises(InputError, match="--words and --bytes"):
        PROBS.rows(words)


def test_a_piece_has_the_same_rows_of_every_column():
    weights = np.array([1.0, 2.0])
    part = piece(Batch("f.csv", BATCH.rows, LABELS, VALUES, weights=weights), 1, 2)
    assert part.labels is not None
    assert part.values is not None
    assert part.weights is not None
    assert (part.rows.tolist(), part.labels.tolist(), part.weights.tolist()) == ([9], [2], [2.0])
    assert part.values.tolist() == [VALUES[1].tolist()]
    assert part.values.base is VALUES
    assert piece(BATCH, 0, 2) is BATCH
