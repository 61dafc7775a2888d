from pathlib import Path

import numpy as np

from crossent.cli.evaluation.flags import AskedFlags, ColumnFlags
from crossent.cli.evaluation.job import evaluate


def notices(text: str, asked: AskedFlags | None = None, **columns: object) -> tuple[str, ...]:
    Path("a.csv").write_text(text)
    return evaluate(
        ["a.csv"], ColumnFlags(**columns), asked or AskedFlags(), lambda _: None
    ).report.notices


def test_a_column_that_is_no_class():
    text = "label,p_a,p_b,p_value\na,0.5,0.5,0\nb,0.25,0.75,0\n"
    (line,) = notices(text)
    assert line.startswith("No row has the label 'value'")
    assert notices(text, classes=("a", "b", "value")) == ()


def test_merges_that_are_cut_off():
    names = [f"c{i}" for i in range(103)]
    cells = (np.eye(103) * 0.25 + np.roll(np.eye(103), 1, axis=1) * 0.75).tolist()
    rows = [",".join([name, *map(str, row)]) for name, row in zip(names, cells, strict=True)]
    text = "\n".join([",".join(["label", *(f"p_{name}" for name in names)]), *rows]) + "\n"
    assert notices(text) == ()
    assert notices(text, AskedFlags(suggest_merges=True)) == (
        "Of the merges only the first 100 were looked for.",
    )
