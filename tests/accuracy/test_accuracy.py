"""Every array library within 4 ulp of the exact losses and gradients of table.json."""

import json

import numpy as np
import pytest

from benchmarks import accuracy, results
from tests.accuracy import cases, generate, measure
from tests.accuracy.routes import ROUTES, sigmoid_errors, softmax_errors
from tests.backends import BACKENDS, served_by

EVERY = 29  # of the cases that are computed again


# JAX and torch.func compute with the text of core, whichever backend there is.
SERVED = [(route, backend) for route in ("numpy", "torch") for backend in BACKENDS]
SERVED += [(route, "eager") for route in ROUTES if route not in ("numpy", "torch")]


@pytest.mark.parametrize("dtype", cases.DTYPES)
@pytest.mark.parametrize(("route", "backend"), SERVED)
def test_softmax_losses_and_gradients_are_exact_to_4_ulp(route, backend, dtype) -> None:
    with served_by(backend):
        errors = softmax_errors(route, dtype)
    print(json.dumps({route: {dtype: measure.digest(errors)}}))
    assert len(errors) > 400
    assert not measure.worst(errors), measure.worst(errors)


@pytest.mark.parametrize("dtype", cases.DTYPES)
@pytest.mark.parametrize(("route", "backend"), SERVED)
def test_sigmoid_losses_and_gradients_are_exact_to_4_ulp(route, backend, dtype) -> None:
    with served_by(backend):
        errors = sigmoid_errors(route, dtype)
    print(json.dumps({route: {dtype: measure.digest(errors)}}))
    assert len(errors) > 90
    assert not measure.worst(errors), measure.worst(errors)


def test_the_table_is_what_its_generator_writes() -> None:
    rows = {dtype: cases.rows(dtype) for dtype in cases.DTYPES}
    stored = measure.table()
    made = list(cases.softmax())
    assert [case["id"] for case in made] == [case["id"] for case in stored["softmax"]]
    for case, line in list(zip(made, stored["softmax"], strict=True))[::EVERY]:
        again = generate.softmax_result(case, rows[case["dtype"]][case["row"]])
        assert generate.line(again) == generate.line(line)
    made = list(cases.sigmoid())
    for case, line in list(zip(made, stored["sigmoid"], strict=True))[::EVERY]:
        assert generate.line(generate.sigmoid_result(case)) == generate.line(line)


def test_every_row_of_the_table_is_that_of_its_name() -> None:
    for stored in measure.table()["rows"]:
        row = cases.rows(stored["dtype"])[stored["name"]]
        assert json.dumps(generate.hexadecimal(row)) == json.dumps(stored["logits"])


def test_the_naive_formula_agrees_with_the_table() -> None:
    stored = next(c for c in measure.table()["softmax"] if c["id"].startswith("float64/mixed3-20/"))
    row = cases.rows("float64")[stored["row"]]
    case = generate.inputs(stored)
    generate.check(case, row)
    with pytest.raises(AssertionError, match="mixed3-20"):
        generate.check({**case, "loss": case["loss"].replace("5", "6")}, row)


def test_a_distance_is_measured_beyond_the_digits_of_a_double() -> None:
    third = measure.Exact.read("3." + "3" * 59 + "e-1")
    assert third.ulps(1 / 3, "float64") == pytest.approx(1 / 3)
    assert third.ulps(np.nextafter(1 / 3, 1), "float64") == pytest.approx(2 / 3)
    assert measure.Exact.read("1e-900").ulps(0.0, "float64") == 0.0
    assert measure.Error("", "", float("nan"), 4.0).fails


def test_the_page_is_that_of_its_results() -> None:
    found = json.loads((results.FOLDER / "accuracy.json").read_text())["results"]
    assert accuracy.PAGE.read_text() == accuracy.page(found)
