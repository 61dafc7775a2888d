"""Saved statistics: read back, the same bytes for the same rows, and damaged files named."""

import io
import json
import zipfile

import numpy as np
import pytest

from crossent.errors import InputError
from crossent.scoring.stats_file import HEAD, is_stats, load_stats, save_stats
from crossent.scoring.tally import Tally
from tests.scoring.batches import LAYOUTS, WEIGHTS, same_states, table


def saved(path, tally=None):
    save_stats(path, table(0, 40, 3, weights="real").tally() if tally is None else tally)
    return path


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("weights", WEIGHTS)
def test_a_tally_comes_back(tmp_path, layout, weights):
    tally = table(0, 40, 3, layout=layout, weights=weights, source="é\n.csv").tally()
    back = load_stats(saved(tmp_path / "a.npz", tally))
    assert (back.classes, back.seed, back.told) == (tally.classes, tally.seed, tally.told)
    same_states(back.state(), tally.state())
    assert back.result().to_dict() == tally.result().to_dict()


def test_an_empty_tally_comes_back(tmp_path):
    back = load_stats(saved(tmp_path / "a.npz", Tally(("a", "b"), seed=3)))
    assert (back.classes, back.seed, back.told) == (("a", "b"), 3, None)
    back.merge(Tally(("a", "b"), seed=3))
    with pytest.raises(InputError, match="got 0 rows"):
        back.result()


def test_equal_statistics_are_equal_bytes(tmp_path):
    whole = table(0, 40, 3, source="f")
    tally = Tally(whole.classes)
    for rows in (range(20, 40), range(20)):
        tally.update(whole.take(list(rows)).rows())
    one, two = saved(tmp_path / "a", whole.tally()), saved(tmp_path / "b", tally)
    assert one.read_bytes() == two.read_bytes()


def test_numpy_reads_it_without_pickle(tmp_path):
    with np.load(saved(tmp_path / "a.npz"), allow_pickle=False) as archive:
        head = json.loads(archive[HEAD].tobytes())
        assert head["classes"] == ["a", "b", "c"]
        assert all(archive[name].dtype.kind in "iufU" for name in archive.files)


def test_hostile_class_names_survive(tmp_path):
    names = ('a"b,c', "</script>\n", "\ud800")
    back = load_stats(saved(tmp_path / "a.npz", Tally(names)))
    assert back.classes == names


def test_what_is_and_what_is_no_such_file(tmp_path):
    assert is_stats(saved(tmp_path / "a.npz"))
    np.savez(tmp_path / "b.npz", x=np.ones(3))
    (tmp_path / "c.npz").write_bytes(b"PK\x03\x04torn")
    assert not is_stats(tmp_path / "b.npz")
    assert not is_stats(tmp_path / "c.npz")
    assert not is_stats(tmp_path / "none")
    assert not is_stats(tmp_path)


def refused(path, words):
    with pytest.raises(InputError, match=words) as caught:
        load_stats(path)
    assert "\n" not in str(caught.value)
    assert path.name in str(caught.value)


def test_other_files_are_named(tmp_path):
    refused(tmp_path / "none.npz", "no such file")
    np.savez(tmp_path / "b.npz", x=np.ones(3))
    refused(tmp_path / "b.npz", "no saved statistics or is damaged")
    (tmp_path / "c.npz").write_text("label,p_0\n")
    refused(tmp_path / "c.npz", "no saved statistics or is damaged")
    (tmp_path / "d.npz").write_bytes(b"")
    refused(tmp_path / "d.npz", "no saved statistics or is damaged")


@pytest.mark.parametrize("kept", [0.2, 0.9, 0.999])
def test_a_torn_file_is_named(tmp_path, kept):
    path = saved(tmp_path / "a.npz")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept)])
    refused(path, "no saved statistics or is damaged")


def test_a_flipped_bit_is_seen(tmp_path):
    path = saved(tmp_path / "a.npz")
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 3] ^= 16
    path.write_bytes(whole)
    refused(path, "no saved statistics or is damaged")


def rewritten(path, change):
    """The file with its parts changed by `change(parts)`."""
    with np.load(path, allow_pickle=False) as archive:
        parts = {name: archive[name] for name in archive.files}
    change(parts)
    np.savez(path, **parts)
    return path


def with_head(**values):
    def change(parts):
        head = {**json.loads(parts[HEAD].tobytes()), **values}
        parts[HEAD] = np.frombuffer(json.dumps(head).encode(), dtype=np.uint8)

    return change


def test_a_later_version_is_named(tmp_path):
    refused(rewritten(saved(tmp_path / "a.npz"), with_head(version=99)), "version 99; .* reads 1")


@pytest.mark.parametrize(
    "change",
    [
        lambda parts: parts.pop("confusion.mass.keys"),
        lambda parts: parts.update({"confusion.mass.keys": parts["confusion.mass.keys"] + 10**6}),
        lambda parts: parts.update({"confusion.mass.keys": parts["confusion.mass.keys"] - 10**3}),
        lambda parts: parts.update({"confusion.mass.keys": parts["confusion.mass.keys"][:1]}),
        lambda parts: parts.update({"worst.0": parts["worst.0"][:1]}),
        with_head(classes=["a"]),
        with_head(classes=7),
        with_head(told=7),
        with_head(seed="x"),
    ],
    ids=["missing", "above", "below", "shorter", "uneven", "fewer", "text", "told", "seed"],
)
def test_parts_that_do_not_fit_are_named(tmp_path, change):
    refused(
        rewritten(saved(tmp_path / "a.npz", table(0, 40, 3).tally()), change),
        "is damaged",
    )


def test_a_stream_takes_it_too():
    buffer = io.BytesIO()
    save_stats(buffer, table(0, 40, 3).tally())
    with zipfile.ZipFile(buffer) as archive:
        assert f"{HEAD}.npy" in archive.namelist()
        assert archive.testzip() is None
