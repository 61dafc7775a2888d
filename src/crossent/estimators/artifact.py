"""A fitted classifier on disk: `model.safetensors` (weights) and `model.json` (all the rest).

Each file appears whole, by renaming, the JSON last; it names the weights by their SHA-256, so that
a torn pair is seen. No pickle.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load as tensors_from_bytes
from safetensors.torch import save as tensors_to_bytes

from crossent.data.files import named
from crossent.data.preprocess import Preprocessing
from crossent.errors import InputError, quoted
from crossent.estimators.classifier import FittedClassifier
from crossent.estimators.networks import build
from crossent.estimators.settings import TrainSettings

WEIGHTS = "model.safetensors"
MODEL = "model.json"
FORMAT = "crossent-model"
VERSION = 1


def save(
    folder: str | os.PathLike[str],
    classifier: FittedClassifier,
    extra: Mapping[str, Any] | None = None,
) -> None:
    """Write a classifier into an existing folder; `extra` is kept under that name, as JSON.

    Byte-identical for equal classifiers.
    """
    weights = tensors_to_bytes(
        {k: v.detach().cpu().contiguous() for k, v in classifier.network.state_dict().items()}
    )
    document = {
        "format": FORMAT,
        "version": VERSION,
        "weights_sha256": hashlib.sha256(weights).hexdigest(),
        "classes": list(classifier.classes),
        "settings": classifier.settings.to_dict(),
        "preprocessing": classifier.preprocessing.to_json(),
        "source": dict(classifier.source),
        "extra": dict(extra or {}),
    }
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    folder = Path(folder)
    _write(folder / WEIGHTS, weights)
    _write(folder / MODEL, text.encode("utf-8", "surrogatepass"))


def load(folder: str | os.PathLike[str]) -> FittedClassifier:
    """Return the classifier that `crossent train` left in a run folder, on the CPU.

    Raises InputError, naming the file, where one is missing, damaged, of another version, or the
    two do not belong together.
    """
    folder = Path(folder)
    model, weights = folder / MODEL, folder / WEIGHTS
    document = _document(model)
    data = _bytes(weights)
    if hashlib.sha256(data).hexdigest() != document.get("weights_sha256"):
        raise InputError(f"{named(weights)} is damaged or of another run than {MODEL}")
    try:
        settings = TrainSettings.from_dict(document["settings"])
        preprocessing = Preprocessing.from_json(document["preprocessing"])
        classes = _classes(document["classes"])
        source = dict(document["source"])
        shape = preprocessing.input_shape
        network = build(settings.model, shape, len(classes), settings.hidden or ())
    except (InputError, KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise InputError(f"{named(model)} is damaged: {_one_line(error)}") from None
    try:
        network.load_state_dict(tensors_from_bytes(data))
    except (SafetensorError, RuntimeError, ValueError) as error:
        raise InputError(f"{named(weights)} does not fit {MODEL}: {_one_line(error)}") from None
    network.eval()
    return FittedClassifier(network, preprocessing, classes, settings, source)


def _document(path: Path) -> dict[str, Any]:
    data = _bytes(path)
    try:
        document = json.loads(data.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        raise InputError(f"{named(path)} is damaged: it is no JSON") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise InputError(f"{named(path)} is not a model of crossent")
    if document.get("version") != VERSION:
        raise InputError(
            f"{named(path)} has format version {quoted(document.get('version'))}; this crossent "
            f"reads version {VERSION}"
        )
    return document


def _classes(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list) or len(set(values)) != len(values) or not values:
        raise ValueError("classes must be different names")
    if not all(isinstance(value, str) for value in values):
        raise ValueError("classes must be texts")
    return tuple(values)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"{named(path)} is not there; name the folder of a run") from None
    except OSError as error:
        raise InputError(f"{named(path)} cannot be read: {error.strerror}") from None


def _write(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _one_line(error: BaseException) -> str:
    text = str(error) if isinstance(error, InputError) else repr(error)
    text = " ".join(text.split())
    return text if len(text) <= 160 else text[:157] + "..."
