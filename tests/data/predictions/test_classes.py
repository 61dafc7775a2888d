import numpy as np
import pytest

from crossent.errors import InputError
from tests.data.predictions.files import LABELS, VALUES, npz, read, wide_csv


def test_classes_of_the_user_select_and_order(write) -> None:
    path = write("a.csv", wide_csv().replace("owl,", "cat,"))
    found = read(path, classes=("dog", "cat"))
    assert found["labels"].tolist() == [1, 1, 0, 0]
    np.testing.assert_array_equal(found["values"], VALUES[:, [1, 0]])
    with pytest.raises(InputError, match=r"no column 'p_\*' for the class 'cow'; --classes names"):
        read(path, classes=("dog", "cat", "cow"))
    with pytest.raises(
        InputError, match="label 'owl' in row 1 is not among --classes; the classes"
    ):
        read(write("b.csv", wide_csv()), classes=("dog", "cat"))
    with pytest.raises(InputError, match="'cat' twice"):
        read(path, classes=("cat", "cat"))
    with pytest.raises(InputError, match="two classes at least"):
        read(path, classes=("cat",))


def test_target_only(write, parquet) -> None:
    text = "label,prediction,logprob\n10,9,-0.5\n9,9,0\n10,11,-inf\n"
    found = read(write("a.csv", text))
    assert found["classes"] == ("9", "10", "11")
    assert found["kind"] == "logprobs"
    assert found["values"] is None
    assert found["labels"].tolist() == [1, 0, 1]
    assert found["predictions"].tolist() == [0, 0, 2]
    assert found["logprob"].tolist() == [-0.5, 0.0, -np.inf]
    found = read(write("b.csv", text), classes=("11", "10", "9", "8"))
    assert found["labels"].tolist() == [1, 2, 1]
    with pytest.raises(InputError, match=r"'prediction': the label '11' in row 2 is no class"):
        read(write("b.csv", text), classes=("10", "9"))
    tokens = parquet("t.parquet", "SELECT -range::FLOAT AS lp, range AS n FROM range(4)")
    found = read(tokens, logprob="lp", words="n", bytes="n")
    assert found["classes"] == ()
    assert found["labels"] is found["predictions"] is None
    assert found["words"].tolist() == [0, 1, 2, 3]
    assert found["logprob"].dtype == np.float64
    labelled = npz(labels=LABELS, logprob=-np.ones(4))
    assert read(write("a.npz", labelled))["classes"] == ("0", "1", "2")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("label,probs\n1,none\n", r"a list of two numbers at least, such as \[0.2, 0.8\]"),
        ("label;probs\n1;[0.2 0.8]\n", r"of two classes; got '\[0.2 0.8\]'"),
    ],
)
def test_lists_that_are_none(write, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(write("a.csv", text))


def test_places_among_the_classes_that_are_named(write) -> None:
    path = write("a.csv", "label,p_cat,p_dog\n1,.5,.5\n0,.5,.5\n")
    with pytest.raises(InputError, match=r"'1' in row 0 .* --classes names the classes in their"):
        read(path)
    assert read(path, classes=("cat", "dog"))["labels"].tolist() == [1, 0]
    assert read(path, classes=("dog", "cat"))["labels"].tolist() == [1, 0]
    with pytest.raises(InputError, match="'1' in row 0 is not among"):
        read(path, classes=("cat", "dog"), names_only=True)


def test_class_names_of_any_kind(write) -> None:
    header = 'label,"p_a,b","p_q""x","p_n\nl",p_A,p_a\n'
    body = '"n\nl",.5,.5,0,0,0\n"a,b",1,0,0,0,0\nA,0,0,0,1,0\na,0,0,0,0,1\n"q""x",0,1,0,0,0\n'
    found = read(write("a.csv", header + body))
    assert found["classes"] == ("a,b", 'q"x', "n\nl", "A", "a")
    assert found["labels"].tolist() == [2, 0, 3, 4, 1]
