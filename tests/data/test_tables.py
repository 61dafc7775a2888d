from pathlib import Path

import numpy as np
import pytest

from crossent.data.dataset import Table
from crossent.data.options import ReadOptions
from crossent.data.tables import read_table, read_table_like
from crossent.errors import InputError

TEXT = "a,b,kind,w\n1.5,u,x,1\n2.5,v,y,2\n,u,x,3\n0.5,,y,0\n"


def read(path: Path, **options):
    return read_table(path, ReadOptions(**options), name="f", csv=path.suffix != ".parquet")


def like(path: Path, source: dict, classes: tuple[str, ...] = ("x", "y")):
    return read_table_like(path, source, classes, name="g", csv=path.suffix != ".parquet")


def test_a_table(write) -> None:
    data = read(write("f.csv", TEXT), target="kind", weights="w")
    assert data.classes == ("x", "y")
    assert data.labels.tolist() == [0, 1, 0, 1]
    assert data.rows.tolist() == [0, 1, 2, 3]
    assert data.weights is not None
    assert data.weights.tolist() == [1, 2, 3, 0]
    assert isinstance(data.features, Table)
    assert [(c.name, c.kind) for c in data.features.columns] == [
        ("a", "numeric"),
        ("b", "categorical"),
    ]
    assert data.source["columns"] == [
        {"name": "a", "kind": "numeric"},
        {"name": "b", "kind": "categorical"},
    ]
    assert (data.source["target"], data.source["header"], data.source["width"]) == ("kind", True, 4)


def test_parquet_gives_what_csv_gives(write, parquet) -> None:
    path = write("f.csv", TEXT)
    left = read(path, target="kind", weights="w")
    right = read(
        parquet("f.parquet", f"SELECT * FROM read_csv('{path}')"), target="kind", weights="w"
    )
    np.testing.assert_array_equal(left.labels, right.labels)
    assert isinstance(left.features, Table)
    assert isinstance(right.features, Table)
    for one, other in zip(left.features.columns, right.features.columns, strict=True):
        assert (one.name, one.kind) == (other.name, other.kind)
        np.testing.assert_array_equal(one.values, other.values)


@pytest.mark.parametrize(
    ("target", "classes"), [("flag", ("false", "true")), ("code", ("9", "10"))]
)
def test_labels_of_parquet_types(parquet, target: str, classes: tuple[str, ...]) -> None:
    query = "SELECT i * 0.5 AS a, i % 2 = 0 AS flag, 9 + i % 2 AS code FROM range(6) t(i)"
    data = read(parquet("f.parquet", query), target=target, features=("a",))
    assert data.classes == classes
    np.testing.assert_array_equal(data.labels, (np.arange(6) + (target == "flag")) % 2)


def test_soft_labels(write) -> None:
    data = read(write("f.csv", "a,p_x,p_y\n1.5,0.25,0.75\n2.5,1,0\n"), target_probs="p_*")
    assert data.classes == ("x", "y")
    assert data.labels.tolist() == [1, 0]
    assert data.target_probs is not None
    assert data.target_probs.tolist() == [[0.25, 0.75], [1.0, 0.0]]
    again = like(write("g.csv", "p_y,a,p_x\n1,1,0\n"), data.source)
    assert again.target_probs is not None
    assert again.target_probs.tolist() == [[0.0, 1.0]]
    assert like(write("h.csv", "a\n1\n"), data.source).target_probs is None
    with pytest.raises(InputError, match="'p_y'"):
        like(write("i.csv", "a,p_x\n1,1\n"), data.source)


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (TEXT, {"target": "none"}, "--target 'none': .*has the columns 'a', 'b', 'kind', 'w'"),
        (TEXT, {"target": "kind", "ignore": ("z",)}, "--ignore 'z'"),
        (TEXT, {"target": "kind", "features": ("z",)}, "--features 'z'"),
        (TEXT, {"target": "kind", "weights": "z"}, "--weights 'z'"),
        (TEXT, {"target_probs": "q_*"}, "matches 0 columns"),
        (TEXT.replace("y", "x"), {"target": "kind"}, "only the class 'x'"),
        (TEXT.replace("2.5", "inf"), {"target": "kind"}, "column 'a', row 1 holds inf"),
        (
            TEXT.replace("v,y", "v,"),
            {"target": "kind"},
            "column 'kind': the label is missing in 1 of 4",
        ),
        (TEXT.replace("v,y", "v,y,z"), {"target": "kind"}, "line 3: expected 4 columns, got 5"),
        (TEXT.replace("x,3", "x,-3"), {"target": "kind", "weights": "w"}, "'w': a weight must be"),
        ("a,y\n", {"target": "y"}, "has no rows"),
        ("a,p_x,p_y\n1,.5,.6\n", {"target_probs": "p_*"}, "must sum to 1"),
        ("a,p_x,p_y\n1,-.5,1.5\n", {"target_probs": "p_*"}, "row 0: p_x must be a probability"),
        (
            "a,y\n" + "".join(f"{i % 3},{i * 0.37}\n" for i in range(50)),
            {"target": "y"},
            "column 'y' holds 50 different numbers in 50 rows: that is regression",
        ),
        ("a,y\nu,1\nu,nan\nv,2\n", {"target": "y"}, "column 'y': the label is missing"),
    ],
)
def test_bad_tables_name_file_and_place(write, text: str, options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message) as error:
        read(write("f.csv", text), **options)
    assert "f.csv" in str(error.value)
    assert "\n" not in str(error.value)


def test_target_of_a_list(parquet) -> None:
    path = parquet("f.parquet", "SELECT i * 0.5 AS a, [i] AS y FROM range(5) t(i)")
    with pytest.raises(InputError, match=r"column 'y' holds BIGINT\[\]; labels must be"):
        read(path, target="y")


def test_new_data_in_other_order_without_labels(write) -> None:
    source = read(write("f.csv", TEXT), target="kind").source
    found = like(write("g.csv", "b,extra,w,a\nu,1,2,7\n"), source)
    assert found.labels is None
    assert found.weights is None
    assert isinstance(found.features, Table)
    assert [column.values.tolist() for column in found.features.columns] == [[7.0], ["u"]]


@pytest.mark.parametrize("label", ["", "?", "NA"])
def test_placeholders_are_no_labels(write, label: str) -> None:
    source = read(write("f.csv", TEXT), target="kind").source
    assert like(write("g.csv", f"a,b,kind,w\n1,u,{label},1\n"), source).labels is None


def test_new_data_that_does_not_fit(write) -> None:
    source = read(write("f.csv", TEXT), target="kind").source
    with pytest.raises(InputError, match="the model needs the column 'b'"):
        like(write("g.csv", "a,kind,w\n1,x,1\n"), source)
    with pytest.raises(InputError, match="'a' holds numbers, but row 0 has 'u'"):
        like(write("g.csv", "a,b,kind,w\nu,1,x,1\n"), source)
    with pytest.raises(InputError, match="label 'z' in row 1 was never seen in training"):
        like(write("g.csv", "a,b,kind,w\n1,u,x,1\n1,u,z,1\n"), source)


def test_no_header_line(write) -> None:
    data = read(write("f.csv", "x,1.5,u\ny,2.5,v\nx,3.5,u\n"), target="0")
    assert data.source["target"] == "column0"
    assert "no header line found" in data.notices[0]
    with_labels = like(write("g.csv", "y,9.5,v\ny,8.5,u\n"), data.source)
    assert with_labels.labels is not None
    assert with_labels.labels.tolist() == [1, 1]
    without = like(write("h.csv", "9.5,v\n8.5,u\n"), data.source)
    assert without.labels is None
    for found in (with_labels, without):
        assert isinstance(found.features, Table)
        assert found.features.columns[0].values.tolist() == [9.5, 8.5]
    with pytest.raises(InputError, match="has 4 columns; the model was trained on 3, 2 of them"):
        like(write("i.csv", "9.5,v,1,2\n8.5,u,1,2\n"), data.source)
