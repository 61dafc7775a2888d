import shlex
from pathlib import Path

import pytest

from crossent.cli.evaluation.flags import AskedFlags, ColumnFlags, command, given_names
from crossent.errors import InputError


def test_defaults_ask_for_nothing():
    assert given_names(ColumnFlags()) == given_names(AskedFlags()) == []
    assert AskedFlags().outputs() == []
    assert command(["a.csv"], ColumnFlags(), AskedFlags()) == "crossent evaluate a.csv"
    assert ColumnFlags().options().classes is None


def test_options_of_the_reader():
    options = ColumnFlags(label="y", classes=("a", "b"), kind="logits", normalize=True).options()
    assert (options.label, options.classes, options.kind) == ("y", ("a", "b"), "logits")
    assert options.normalize


def test_the_command_says_what_changes_numbers_and_nothing_else():
    columns = ColumnFlags(prob="p *", classes=("a,b", "c"), normalize=True, where="x > 1")
    asked = AskedFlags(
        baseline="-", merge=('x="a,b",c',), report=Path("r.html"), force=True, json=True, bins=10
    )
    assert shlex.split(command(["-"], columns, asked)) == [
        *("crossent", "evaluate", "-", "--prob", "p *", "--classes", '"a,b",c', "--normalize"),
        *("--where", "x > 1", "--baseline=-", "--bins", "10", "--merge", 'x="a,b",c'),
    ]


def test_exports_of_either_kind():
    asked = AskedFlags(
        export_pair=(("a,b", Path("p.csv")),), export_cell=(('"x,y",a', Path("c.csv")),)
    )
    assert asked.exports() == (
        ("a", "b", True, "--export-pair", Path("p.csv")),
        ("x,y", "a", False, "--export-cell", Path("c.csv")),
    )
    assert asked.outputs() == [
        (Path("p.csv"), "--export-pair"),
        (Path("c.csv"), "--export-cell"),
    ]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (AskedFlags(export_pair=(("a,a", Path("p")),)), "--export-pair needs two different"),
        (AskedFlags(export_pair=(("a", Path("p")),)), "--export-pair: expected two class names"),
        (AskedFlags(export_cell=(("a,b,c", Path("p")),)), "--export-cell: .* got 3"),
    ],
)
def test_pairs_that_are_none(asked: AskedFlags, expected: str):
    with pytest.raises(InputError, match=expected):
        asked.exports()


def test_a_new_name_is_given_once():
    assert AskedFlags(merge=("x=a,b", "y=c,d")).groups() == {"x": ("a", "b"), "y": ("c", "d")}
    with pytest.raises(InputError, match="--merge names 'x' twice"):
        AskedFlags(merge=("x=a,b", "x=c,d")).groups()


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (AskedFlags(pairs=0), "--pairs must be at least 1"),
        (AskedFlags(bins=0), "--bins: bins of equal width must divide 25,200"),
        (AskedFlags(bins=11), "got 11, take 10"),
        (AskedFlags(bins=10**9), "take 25200"),
        (AskedFlags(fail_above=-0.5), "--fail-above .* got -0.5"),
        (AskedFlags(fail_above=float("nan")), "--fail-above .* got nan"),
        (AskedFlags(fail_above=float("inf")), "--fail-above .* got inf"),
    ],
)
def test_numbers_without_a_sense(asked: AskedFlags, expected: str):
    with pytest.raises(InputError, match=expected):
        asked.check()


def test_numbers_with_a_sense():
    AskedFlags(pairs=1, bins=25_200, fail_above=0.0).check()
