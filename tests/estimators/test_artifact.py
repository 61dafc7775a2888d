import json

import numpy as np
import pytest

from crossent.errors import InputError
from crossent.estimators.artifact import load, save
from crossent.estimators.settings import TrainSettings
from crossent.estimators.train import train


@pytest.fixture
def fitted(table):
    return train(*table, TrainSettings(epochs=1, hidden=(4,), device="cpu")).classifier


@pytest.fixture
def folder(tmp_path, fitted):
    save(tmp_path, fitted, {"command": "crossent train"})
    return tmp_path


def edit(folder, **changes) -> None:
    document = json.loads((folder / "model.json").read_text())
    document.update(changes)
    (folder / "model.json").write_text(json.dumps(document))


def test_round_trip(table, folder, fitted) -> None:
    again = load(folder)
    features = table[2].features
    np.testing.assert_array_equal(again.predict_proba(features), fitted.predict_proba(features))
    assert again.classes == fitted.classes
    assert again.settings == fitted.settings
    assert again.source == {"path": "blobs.csv"}
    assert sorted(path.name for path in folder.iterdir()) == ["model.json", "model.safetensors"]


def test_round_trip_of_a_cnn(images, tmp_path) -> None:
    fitted = train(*images, TrainSettings(model="cnn", epochs=1, device="cpu")).classifier
    save(tmp_path, fitted)
    raw = images[2].features.values
    np.testing.assert_array_equal(load(tmp_path).logits(raw), fitted.logits(raw))


def test_equal_models_are_equal_bytes(folder, fitted) -> None:
    before = [(folder / name).read_bytes() for name in ("model.json", "model.safetensors")]
    save(folder, fitted, {"command": "crossent train"})
    assert before == [(folder / name).read_bytes() for name in ("model.json", "model.safetensors")]


def test_hostile_class_names(table, tmp_path, fitted) -> None:
    from dataclasses import replace

    names = ('a,"\n</script>', "", "\u2028\U0001f600\ud800")
    save(tmp_path, replace(fitted, classes=names))
    assert load(tmp_path).classes == names


@pytest.mark.parametrize("name", ["model.json", "model.safetensors"])
def test_missing_file(folder, name) -> None:
    (folder / name).unlink()
    with pytest.raises(InputError, match=name):
        load(folder)


def test_missing_folder(tmp_path) -> None:
    with pytest.raises(InputError, match="not there"):
        load(tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="not there"):
        load(tmp_path / "file")


@pytest.mark.parametrize("name", ["model.json", "model.safetensors"])
def test_cut_anywhere(folder, name) -> None:
    whole = (folder / name).read_bytes()
    for length in [0, 1, 7, 8, 9, len(whole) // 2, len(whole) - 2]:
        (folder / name).write_bytes(whole[:length])
        with pytest.raises(InputError, match=name):
            load(folder)


def test_a_flipped_bit_of_the_weights_is_seen(folder) -> None:
    path = folder / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"model\.safetensors.*damaged"):
        load(folder)


def test_weights_of_another_run(folder, fitted, images, tmp_path) -> None:
    other = train(*images, TrainSettings(model="linear", epochs=1, device="cpu")).classifier
    weights = folder / "model.safetensors"
    save(folder, other)
    stranger = weights.read_bytes()
    digest = json.loads((folder / "model.json").read_text())["weights_sha256"]
    save(folder, fitted)
    weights.write_bytes(stranger)
    with pytest.raises(InputError, match="another run"):
        load(folder)
    edit(folder, weights_sha256=digest)
    with pytest.raises(InputError, match=r"does not fit model\.json"):
        load(folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "onnx"}, {"version": 2}, {"version": None}, {"classes": []}, {"classes": None},
        {"classes": ["a", "a", "b"]}, {"classes": [1, 2, 3]}, {"classes": [[], [], []]},
        {"classes": ["a", "b"]}, {"settings": {"model": "forest"}}, {"settings": []},
        {"settings": {"colour": 1}}, {"settings": {"model": "cnn"}}, {"settings": None},
        {"preprocessing": {}}, {"preprocessing": None}, {"source": 7},
        {"preprocessing": {"kind": "table", "columns": []}},
        {"preprocessing": {"kind": "images", "image_shape": [8], "maximum": 1.0}},
        {"settings": {"model": "mlp", "hidden": [10**18]}},
    ],
    ids=str,
)  # fmt: skip
def test_a_damaged_description(folder, changes) -> None:
    edit(folder, **changes)
    with pytest.raises(InputError, match=r"model\.(json|safetensors)") as caught:
        load(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["[]", "null", "{", "\xff", '{"format": "crossent-model"}'])
def test_another_json(folder, text) -> None:
    (folder / "model.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=r"model\.json"):
        load(folder)


def test_a_failed_write_keeps_the_old_model(folder, fitted, table, monkeypatch) -> None:
    before = load(folder).predict_proba(table[2].features)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        save(folder, fitted)
    assert sorted(path.name for path in folder.iterdir()) == ["model.json", "model.safetensors"]
    np.testing.assert_array_equal(load(folder).predict_proba(table[2].features), before)
