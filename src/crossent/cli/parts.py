"""From DATA and the flags to a training, a validation and a test part, and the lines that say so.

Order: read, choose the classes and merge them, sample, split. How each is done is `data`'s.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from crossent.cli.class_names import join_names, parse_merge
from crossent.data.classes import Choice, choose_classes, regroup
from crossent.data.dataset import Dataset, Images
from crossent.data.files import named
from crossent.data.labels import listed
from crossent.data.open import ReadOptions, open_dataset
from crossent.data.preprocess import missing_notices
from crossent.data.split import split_three, stratified_sample
from crossent.errors import InputError
from crossent.report.words import cut, visible

if TYPE_CHECKING:
    from crossent.cli.flags import TrainFlags

TEST_SIZE = 0.2
SHOWN = 5  # names of classes and columns
WIDTH = 20


@dataclass(frozen=True, slots=True)
class Parts:
    """What a model is trained on, stopped by and judged by; `choice`: of the classes, if any."""

    train: Dataset
    validation: Dataset
    test: Dataset
    choice: Choice | None = None


def read_parts(data: str, flags: "TrainFlags") -> Parts:
    """Read DATA and split it as the flags say."""
    if flags.test is not None and flags.test_size is not None:
        raise InputError("--test and --test-size exclude each other; give one of them")
    main, own_test = open_dataset(data, _options(flags))
    choice = _choice(main, flags)
    if choice is not None:
        main = _regrouped(main, choice, data)
        if own_test is not None and flags.test_size is None:
            own_test = _regrouped(own_test, choice, flags.test or f"{data}, test part")
    if flags.rows is not None:
        main = main.take(stratified_sample(main.labels, flags.rows, flags.seed))
    if flags.test_size is not None:
        own_test = None
    share = TEST_SIZE if flags.test_size is None else flags.test_size
    train, validation, test = split_three(
        main.labels,
        0.0 if own_test is not None else share,
        flags.validation_size,
        flags.seed,
        main.classes,
        sampled=flags.rows is not None,
    )
    held_out = main.take(test) if own_test is None else own_test
    if not len(held_out):
        raise InputError("nothing is left to test on; give --test-size above 0 or --test FILE")
    parts = Parts(main.take(train), main.take(validation), held_out, choice)
    filled = missing_notices(*(p.features for p in (parts.train, parts.validation, parts.test)))
    return replace(parts, train=replace(parts.train, notices=(*parts.train.notices, *filled)))


def _choice(dataset: Dataset, flags: "TrainFlags") -> Choice | None:
    if not (flags.drop_class or flags.only or flags.merge):
        return None
    merge = [parse_merge(text) for text in flags.merge]
    return choose_classes(dataset.classes, drop=flags.drop_class, only=flags.only, merge=merge)


def _regrouped(dataset: Dataset, choice: Choice, where: str) -> Dataset:
    found = regroup(dataset, choice)
    if not len(found):
        raise InputError(f"{named(where)} holds no row of the classes {listed(choice.classes)}")
    return found


def _options(flags: "TrainFlags") -> ReadOptions:
    return ReadOptions(
        target=flags.target,
        features=flags.features or None,
        ignore=flags.ignore,
        weights=flags.weights,
        target_probs=flags.target_probs,
        test=flags.test,
    )


def describe(parts: Parts) -> Iterator[str]:
    """Yield the lines that say what is trained on: rows, classes, features, split, notices."""
    train, validation, test = map(len, (parts.train, parts.validation, parts.test))
    classes = parts.train.classes
    yield f"data        {parts.train.name}: {train + validation + test:,} rows"
    chosen = "" if parts.choice is None else f" (of {len(parts.choice.codes):,})"
    yield f"classes     {len(classes):,}: {_some(classes)}{chosen}"
    for new, members in () if parts.choice is None else parts.choice.groups:
        yield f"merged      {_some([new])}: {_some(members)}"
    yield f"features    {_features(parts.train)}"
    yield f"split       {train:,} to train, {validation:,} to validate, {test:,} to test"
    for notice in parts.train.notices:
        yield f"notice      {notice}"


def facts(data: str, parts: Parts) -> dict[str, Any]:
    """Return what a report says about the data: where from, which columns, how many rows."""
    source = parts.train.source
    columns = [column["name"] for column in source.get("columns", ())]
    told = {name: source.get(name) for name in ("target", "target_probs", "weights")}
    return {
        "data": data,
        **{name: value for name, value in told.items() if value is not None},
        "features": columns or _features(parts.train),
        "classes": len(parts.train.classes),
        **_chosen(parts),
        "rows to train": len(parts.train),
        "rows to validate": len(parts.validation),
        "rows to test": len(parts.test),
    }


def _chosen(parts: Parts) -> dict[str, Any]:
    if parts.choice is None:
        return {}
    told: dict[str, Any] = {"classes of the data": len(parts.choice.codes)}
    if (parts.choice.codes < 0).any():
        told["classes taken"] = list(parts.choice.classes)
    if parts.choice.groups:
        merged = (f"{join_names([n])}={join_names(members)}" for n, members in parts.choice.groups)
        told["classes merged"] = "; ".join(merged)
    return told


def _features(dataset: Dataset) -> str:
    if isinstance(dataset.features, Images):
        size = dataset.features.values.shape[1:]
        return f"images of {' x '.join(map(str, size))}"
    columns = dataset.features.columns
    kinds = [column.kind for column in columns]
    counts = [f"{kinds.count(k):,} {k}" for k in ("numeric", "categorical") if k in kinds]
    return f"{' and '.join(counts)}: {_some([column.name for column in columns])}"


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(cut(visible(name), WIDTH) for name in names[:SHOWN])
    return shown if len(names) <= SHOWN else f"{shown}, ..."
