"""Which column of a file of predictions is what: named by the user, or found by its name.

Looks at names and types only. Wide: a column of probabilities a class. List: one column holds
those of all classes. Target-only: the log-probability of the label.
"""

import difflib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from crossent.data.choose import match
from crossent.data.labels import listed
from crossent.data.predictions.file import PredictionFile
from crossent.data.predictions.options import WHAT, Kind, PredictionOptions
from crossent.errors import InputError, quoted

LABELS = ("label", "labels", "target", "class", "y", "true", "y_true")
PATTERNS = ("p_*", "prob_*", "proba_*", "logit_*", "logits_*", "logprob_*", "logprobs_*")
LISTS = ("probs", "probabilities", "p", "proba", "logits", "logprobs")
LOGPROB = "logprob"
SHOWN = 10  # classes
TWO = "two classes need two at least, or one column of the second, named by --prob"
KINDS: dict[str, Kind] = {"logit": "logits", "logprob": "logprobs"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Names of the columns to read, the same for every file of a stream.

    probs: a pattern of columns (`wide`) or the name of a list column; so is soft.
    """

    label: str | None
    probs: str | None
    wide: bool
    logprob: str | None
    prediction: str | None
    weights: str | None
    soft: str | None
    words: str | None
    bytes: str | None
    row: str | None
    kind: Kind


@dataclass(frozen=True, slots=True)
class Places:
    """Numbers of the columns in one file; probs and soft in the order of the classes.

    Of a list column, which is not `wide`, they are one number.
    """

    label: int | None
    probs: tuple[int, ...]
    wide: bool
    logprob: int | None
    prediction: int | None
    weights: int | None
    soft: tuple[int, ...]
    soft_wide: bool
    words: int | None
    bytes: int | None
    row: int | None
    kind: Kind = "probs"


def known_names(options: PredictionOptions) -> tuple[str, ...]:
    """Return names that tell the header line of a CSV file."""
    given = (options.label, options.logprob, options.prediction, options.weights)
    return tuple(dict.fromkeys(name for name in (*given, "label", LOGPROB) if name is not None))


def find_wanted(file: PredictionFile, options: PredictionOptions) -> Wanted:
    """Return what is to be read, by the first file; InputError where its names do not tell."""
    _check_patterns(file, options)
    ours = options.label is None and options.prob is None
    probs, wide = _probabilities(file, options)
    logprob = None if probs is not None else options.logprob or _usual_logprob(file)
    if probs is None and logprob is None:
        raise InputError(_no_probabilities(file))
    if probs is not None and options.prediction is not None:
        raise InputError(
            f"--prediction is for files with a log-probability alone (--logprob); here the "
            f"probabilities {quoted(probs)} say what is predicted"
        )
    soft = options.soft_labels
    if soft is None and ours and logprob is None and match(file.names, "q_*"):
        soft = "q_*"

    def usual(name: str) -> str | None:
        return name if logprob is not None and name in file.names else None

    return Wanted(
        label=_label(file, options, needed=soft is None and logprob is None),
        probs=probs,
        wide=wide,
        logprob=logprob,
        prediction=None if logprob is None else options.prediction or usual("prediction"),
        weights=options.weights or ("weight" if ours and "weight" in file.names else None),
        soft=soft,
        words=options.words or usual("words"),
        bytes=options.bytes or usual("bytes"),
        row="row" if ours and "row" in file.names else None,
        kind="logprobs" if probs is None else options.kind or _kind(probs),
    )


def find_classes(file: PredictionFile, wanted: Wanted) -> tuple[str, ...]:
    """Return the classes of a wide file, in the order of its columns."""
    assert wanted.probs is not None
    found = [name for _, name in _matched(file, wanted.probs, _others(file, wanted))]
    if len(found) < 2:
        raise InputError(
            f"--prob {quoted(wanted.probs)} matches {len(found)} columns of {file.said}; {TWO}. "
            f"Its columns are {listed(file.names)}"
        )
    return tuple(found)


def find_places(
    file: PredictionFile, wanted: Wanted, classes: tuple[str, ...], *, given: bool
) -> Places:
    """Return where the wanted columns are in `file`; `given` classes may leave columns out."""

    def place(name: str | None, option: str) -> int | None:
        return None if name is None else find_place(file, name, option)

    probs: tuple[int, ...] = ()
    if wanted.probs is not None:
        if wanted.wide:
            matched = _matched(file, wanted.probs, _others(file, wanted))
            probs = _wide(file, wanted.probs, matched, classes, given=given)
        else:
            probs = (find_place(file, wanted.probs, "--prob"),)
    soft: tuple[int, ...] = ()
    if wanted.soft is not None:
        if "*" in wanted.soft:
            matched = match(file.names, wanted.soft)
            soft = _wide(file, wanted.soft, matched, classes, given=given)
        else:
            soft = (find_place(file, wanted.soft, "--soft-labels"),)
    return Places(
        label=place(wanted.label, "--label"),
        probs=probs,
        wide=wanted.wide,
        logprob=place(wanted.logprob, "--logprob"),
        prediction=place(wanted.prediction, "--prediction"),
        weights=place(wanted.weights, "--weights"),
        soft=soft,
        soft_wide=wanted.soft is not None and "*" in wanted.soft,
        words=place(wanted.words, "--words"),
        bytes=place(wanted.bytes, "--bytes"),
        row=None if wanted.row is None else file.names.index(wanted.row),
        kind=wanted.kind,
    )


def find_place(file: PredictionFile, name: str, option: str) -> int:
    """Return the number of a column given by name or, if no name matches, by number."""
    if name in file.names:
        return file.names.index(name)
    try:
        place = int(name)
    except ValueError:
        raise InputError(_missing(file, name, option)) from None
    if not -len(file.names) <= place < len(file.names):
        raise InputError(_missing(file, name, option))
    return place % len(file.names)


def taken(wanted: Wanted, classes: tuple[str, ...], *, given: bool) -> tuple[str, ...]:
    """Return a line for each thing that is read: what it is and from which column.

    Few classes that columns name are listed: a column such as p_value is none that was meant.
    """
    lines: list[str] = []
    names = f": {listed(classes)}" if wanted.wide and not given and len(classes) <= SHOWN else ""
    for name, text in (
        (wanted.label, "labels"),
        (wanted.probs, f"{WHAT[wanted.kind]} of {len(classes):,} classes"),
        (wanted.logprob, "log-probabilities of the label"),
        (wanted.prediction, "predictions"),
        (wanted.soft, "soft labels"),
        (wanted.weights, "weights"),
        (wanted.words, "words a row"),
        (wanted.bytes, "bytes a row"),
        (wanted.row, "row numbers"),
    ):
        if name is not None:
            lines.append(f"{text} from {quoted(name)}{names if name == wanted.probs else ''}")
    return tuple(lines)


def _check_patterns(file: PredictionFile, options: PredictionOptions) -> None:
    if options.prob is not None and options.logprob is not None:
        raise InputError("--prob and --logprob exclude each other; name one of them")
    for option, text, example in (
        ("--prob", options.prob, "p_*"),
        ("--soft-labels", options.soft_labels, "q_*"),
    ):
        if text is not None and "*" in text and file.form == "npz":
            raise InputError(
                f"{option} {quoted(text)}: {file.said} has arrays, not columns; name one of "
                f"{listed(file.names)}"
            )
        if text is not None and text.count("*") > 1:
            raise InputError(
                f"{option} must hold one star for the class, such as {example!r}, or name a list "
                f"column; got {quoted(text)}"
            )


def _label(file: PredictionFile, options: PredictionOptions, *, needed: bool) -> str | None:
    if options.label is not None:
        return options.label
    if "label" in file.names:
        return "label"
    usual = [name for name in file.names if name.lower() in LABELS]
    if len(usual) == 1:
        return usual[0]
    if needed:
        raise InputError(_missing(file, "label", "--label"))
    return None


def _probabilities(file: PredictionFile, options: PredictionOptions) -> tuple[str | None, bool]:
    """Return the pattern or the list column of the probabilities, and whether it is a pattern."""
    if options.prob is not None:
        return options.prob, "*" in options.prob
    if options.logprob is not None:
        return None, False
    patterns: list[tuple[str, bool]] = []
    if file.form != "npz":
        if len(match(file.names, "p_*")) > 1:
            return "p_*", True
        patterns = [(text, True) for text in PATTERNS if len(match(file.names, text)) > 1]
    lists = [
        (name, False)
        for i, name in enumerate(file.names)
        if name.lower() in LISTS and (file.is_list(i) or file.form == "csv")
    ]
    found = patterns + lists
    if len(found) > 1:
        names = ", ".join(quoted(name) for name, _ in found)
        raise InputError(
            f"{file.said} has several columns of probabilities, {names}: name one with --prob. "
            f"Its columns are {listed(file.names)}"
        )
    return found[0] if found else (None, False)


def _usual_logprob(file: PredictionFile) -> str | None:
    return LOGPROB if LOGPROB in file.names else None


def _no_probabilities(file: PredictionFile) -> str:
    alone = len(match(file.names, "p_*"))
    if file.form == "npz":
        return (
            f"{file.said} has no array of probabilities: name it with --prob, or that of the "
            f"log-probability of the label with --logprob. Its arrays are {listed(file.names)}"
        )
    found = f" matches {alone} columns of {file.said}; {TWO}."
    return (
        f"--prob 'p_*'{found} Name the probabilities with --prob, or the log-probability of the "
        f"label with --logprob. Its columns are {listed(file.names)}"
    )


def _kind(name: str) -> Kind:
    word = name.lower().replace("*", "").strip("_").removesuffix("s")
    return KINDS.get(word, "probs")


def _others(file: PredictionFile, wanted: Wanted) -> set[int]:
    """Return the columns that are something else, though a pattern such as '*' matches them."""
    named = ((wanted.label, "--label"), (wanted.weights, "--weights"))
    found = {find_place(file, name, option) for name, option in named if name is not None}
    if wanted.soft is not None and "*" in wanted.soft:
        found |= {place for place, _ in match(file.names, wanted.soft)}
    return found


def _matched(file: PredictionFile, pattern: str, others: set[int]) -> list[tuple[int, str]]:
    return [one for one in match(file.names, pattern) if one[0] not in others]


def _wide(
    file: PredictionFile,
    pattern: str,
    found: Sequence[tuple[int, str]],
    classes: tuple[str, ...],
    *,
    given: bool,
) -> tuple[int, ...]:
    counts = Counter(name for _, name in found)
    places = {name: place for place, name in found}
    name, columns = counts.most_common(1)[0] if counts else ("", 0)
    if columns > 1:
        raise InputError(f"{file.said}: class {quoted(name)} has {columns} columns")
    missing = [name for name in classes if name not in places]
    extra = [] if given else [name for name in places if name not in set(classes)]
    if missing:
        said = "--classes names" if given else "the classes are"
        raise InputError(
            f"{file.said} has no column {quoted(pattern)} for the class {quoted(missing[0])}; "
            f"{said} {listed(classes)}, its columns are {listed(file.names)}"
        )
    if extra:
        raise InputError(
            f"{file.said} has a column {quoted(pattern)} for {quoted(extra[0])}, which is not "
            f"among the classes {listed(classes)}"
        )
    return tuple(places[name] for name in classes)


def _missing(file: PredictionFile, name: str, option: str) -> str:
    near = difflib.get_close_matches(name, file.names, n=1)
    hint = f"did you mean {quoted(near[0])}? " if near else ""
    return f"{option} {quoted(name)}: {hint}{file.said} has the columns {listed(file.names)}"
