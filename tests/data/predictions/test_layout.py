import numpy as np
import pytest

from crossent.errors import InputError
from tests.data.predictions.files import check, jsonl, npz, read, wide_csv


@pytest.mark.parametrize("name", ["logits", "logprobs"])
def test_the_kind_by_the_name(write, name: str) -> None:
    found = read(write("a.jsonl", jsonl(name, named=False)))
    assert found["kind"] == name
    assert found["classes"] == ("0", "1", "2")
    path = write("a.csv", wide_csv().replace("p_", f"{name}_"))
    assert read(path)["kind"] == name
    assert read(path, kind="probs")["kind"] == "probs"
    assert read(write("p.csv", wide_csv()), kind="logits")["kind"] == "logits"


@pytest.mark.parametrize("label", ["target", "Class", "y", "true", "y_true", "labels"])
@pytest.mark.parametrize("prefix", ["prob_", "proba_", "p_"])
def test_obvious_names(write, label: str, prefix: str) -> None:
    path = write("a.csv", wide_csv().replace("label", label).replace("p_", prefix))
    found = read(path)
    check(found)
    assert found["taken"][0] == f"labels from {label!r}"
    assert found["taken"][1] == (
        f"probabilities of 3 classes from '{prefix}*': 'cat', 'dog', 'owl'"
    )


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("truth,p_a,p_b", r"--label 'label': .*has the columns 'truth', 'p_a', 'p_b'"),
        ("class,true,p_a,p_b", r"--label 'label': .*has the columns 'class', 'true'"),
        ("label,prob_a,prob_b,proba_a,proba_b", "several columns of probabilities, 'prob_\\*'"),
        ("label,a,b", r"--prob 'p_\*' matches 0 columns .* Its columns are 'label', 'a', 'b'"),
        ("label,p_a", r"--prob 'p_\*' matches 1 columns .* two classes need two"),
    ],
)
def test_names_that_do_not_tell(write, header: str, message: str) -> None:
    cells = ",".join("1" for _ in header.split(","))
    with pytest.raises(InputError, match=message):
        read(write("a.csv", f"{header}\n{cells}\n"))


def test_names_of_the_user(write) -> None:
    text = "truth\tout(cat)\tout(dog)\tw\tnw\tnb\na\t.5\t.5\t80\t3\t9\ncat\t.1\t.9\t60\t0\t1\n"
    options = {"label": "truth", "prob": "out(*)", "weights": "w", "words": "nw", "bytes": "nb"}
    path = write("f.tsv", text)
    with pytest.raises(InputError, match=r"label 'a' in row 0 has no column 'out\(\*\)'"):
        read(path, **options)
    found = read(write("g.tsv", text.replace("a\t.5", "dog\t.5")), **options)
    assert found["labels"].tolist() == [1, 0]
    assert found["weights"].tolist() == [80.0, 60.0]
    assert (found["words"].tolist(), found["bytes"].tolist()) == ([3, 0], [9, 1])
    with pytest.raises(InputError, match=r"--weights 'ww': did you mean 'w'\? .*has the columns"):
        read(path, **{**options, "weights": "ww"})
    with pytest.raises(InputError, match="one star"):
        read(path, prob="p_*_*")
    with pytest.raises(InputError, match="exclude each other"):
        read(path, prob="p_*", logprob="x")


def test_a_star_alone_takes_the_other_columns(write) -> None:
    path = write("a.csv", "label,a,b,w\na,.5,.5,2\n")
    found = read(path, prob="*", weights="w")
    assert (found["classes"], found["labels"].tolist()) == (("a", "b"), [0])
    soft = write("b.csv", "a,b,q_a,q_b\n.5,.5,1,0\n")
    assert read(soft, prob="*", soft_labels="q_*")["classes"] == ("a", "b")


def test_a_prediction_beside_probabilities(write) -> None:
    path = write("a.csv", "label,p_a,p_b,best\na,.5,.5,b\n")
    with pytest.raises(InputError, match=r"--prediction is for .* 'p_\*' say what is predicted"):
        read(path, prediction="best")


def test_few_classes_of_columns_are_listed(write) -> None:
    path = write("a.csv", "label,p_a,p_value\na,.5,.5\n")
    assert read(path)["taken"][1] == "probabilities of 2 classes from 'p_*': 'a', 'value'"
    assert read(path, classes=("value", "a"))["taken"][1].endswith("from 'p_*'")
    many = [f"p_{i}" for i in range(11)]
    path = write("b.csv", f"label,{','.join(many)}\n1{',0' * 11}\n")
    assert read(path)["taken"][1].endswith("of 11 classes from 'p_*'")


def test_soft_labels(write) -> None:
    text = "label,p_a,p_b,q_b,q_a\na,.5,.5,1,0\nb,.1,.9,.25,.75\n"
    soft = [[0.0, 1.0], [0.75, 0.25]]
    found = read(write("a.csv", text))
    np.testing.assert_array_equal(found["target_probs"], soft)
    assert found["labels"].tolist() == [0, 1]
    assert read(write("a.csv", text), label="label")["target_probs"] is None
    found = read(write("b.csv", text.replace("label", "note")), soft_labels="q_*")
    np.testing.assert_array_equal(found["target_probs"], soft)
    assert found["labels"] is None
    with pytest.raises(InputError, match=r"no column 'q_\*' for the class 'b'"):
        read(write("c.csv", text.replace("q_b", "z")))
    lines = '{"probs": [0.5, 0.5], "q": [1, 0]}\n{"probs": [0.1, 0.9], "q": [0.25, 0.75]}\n'
    found = read(write("a.jsonl", lines), soft_labels="q")
    np.testing.assert_array_equal(found["target_probs"], [[1, 0], [0.25, 0.75]])
    assert found["labels"] is None
    arrays = npz(probs=[[0.5, 0.5]], q=np.array([[0.25, 0.75]]))
    np.testing.assert_array_equal(
        read(write("a.npz", arrays), soft_labels="q")["target_probs"], [[0.25, 0.75]]
    )


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl"])
def test_one_number_is_that_of_the_second_of_two_classes(write, parquet, suffix: str) -> None:
    if suffix == "parquet":
        query = "SELECT * FROM (VALUES (1, 0.75, -2.0), (0, 0.25, 3.0)) AS t(y, p, z)"
        path = parquet("a.parquet", query)
    elif suffix == "csv":
        path = write("a.csv", "y,p,z\n1,0.75,-2\n0,0.25,3\n")
    else:
        rows = ['{"y": 1, "p": 0.75, "z": -2}', '{"y": 0, "p": 0.25, "z": 3}']
        path = write("a.jsonl", "\n".join(rows) + "\n")
    found = read(path, label="y", prob="p")
    assert found["classes"] == ("0", "1")
    assert found["values"].tolist() == [[0.25, 0.75], [0.75, 0.25]]
    assert found["labels"].tolist() == [1, 0]
    logits = read(path, label="y", prob="z", kind="logits", classes=("no", "yes"))
    assert logits["values"].tolist() == [[0.0, -2.0], [0.0, 3.0]]


def test_one_number_among_lists_is_refused(write) -> None:
    path = write("a.csv", 'label,probs\n0,"[0.2, 0.3, 0.5]"\n1,0.5\n')
    with pytest.raises(InputError, match=r"a list must hold 3 entries.* row 1 holds 2"):
        read(path)
    with pytest.raises(InputError, match="row 1: p must hold lists of numbers; it is missing"):
        read(write("b.csv", "label,p\n0,0.5\n1,\n"), prob="p")
