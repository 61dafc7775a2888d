import gzip
from pathlib import Path

import numpy as np
import pytest

from crossent.data.dataset import Images, Table
from crossent.data.open import ReadOptions, open_dataset, read_like
from crossent.errors import InputError

CSV = "a,b,kind\n1.5,2.5,x\n2.5,1.5,y\n3.5,0.5,x\n"
IMAGES = np.random.default_rng(0).integers(0, 256, (6, 4, 5), dtype=np.uint8)
LABELS = np.array([0, 1, 2, 0, 1, 2], dtype=np.uint8)


def pair(write, idx, folder: str = "set", part: str = "train", packed: bool = False) -> Path:
    pack = gzip.compress if packed else bytes
    end = ".gz" if packed else ""
    write(f"{folder}/{part}-labels-idx1-ubyte{end}", pack(idx(LABELS)))
    return write(f"{folder}/{part}-images-idx3-ubyte{end}", pack(idx(IMAGES)))


def test_digits() -> None:
    main, test = open_dataset("digits")
    assert (main.name, len(main), test) == ("digits", 1797, None)
    assert main.classes == tuple("0123456789")
    assert isinstance(main.features, Images)
    assert main.features.maximum == 16.0
    assert main.source["image_shape"] == [8, 8]


def test_mnist(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSENT_DATA", str(data_dir))
    main, test = open_dataset("mnist")
    assert test is not None
    assert (len(main), len(test)) == (60000, 10000)
    assert np.bincount(test.labels).tolist() == [
        980,
        1135,
        1032,
        1010,
        982,
        892,
        958,
        1028,
        974,
        1009,
    ]
    again = read_like("mnist", main.source, main.classes)
    np.testing.assert_array_equal(again.labels, test.labels)


@pytest.mark.parametrize(
    ("name", "target", "rows", "classes"),
    [
        ("iris", "-1", 150, 3),
        ("iris", "column4", 150, 3),
        ("glass", "9", 214, 6),
        ("ecoli", "column7", 336, 8),
        ("banknote_authentication", "-1", 1372, 2),
        ("winequality-red", "quality", 1599, 6),
        ("winequality-white", "-1", 4898, 7),
    ],
)
def test_tables_of_the_uci(data_dir: Path, name: str, target: str, rows: int, classes: int) -> None:
    path = data_dir / "tabular" / f"{name}.csv.gz"
    main, _ = open_dataset(str(path), ReadOptions(target=target))
    assert (main.name, len(main), len(main.classes)) == (name, rows, classes)
    text = gzip.decompress(path.read_bytes()).decode().replace(";", ",").splitlines()
    lines = [line.split(",") for line in text if not line.startswith('"')]
    assert isinstance(main.features, Table)
    found = np.stack([column.values for column in main.features.columns], axis=1)
    np.testing.assert_array_equal(found, np.array(lines)[:, :-1].astype(float))
    assert [main.classes[code] for code in main.labels] == [line[-1] for line in lines]


@pytest.mark.parametrize("packed", [False, True])
def test_idx_folder_and_file(write, idx, packed: bool) -> None:
    path = pair(write, idx, packed=packed)
    for data in (path, path.parent):
        main, test = open_dataset(str(data))
        assert test is None
        assert isinstance(main.features, Images)
        np.testing.assert_array_equal(main.features.values, IMAGES)
        np.testing.assert_array_equal(main.labels, LABELS)
    pair(write, idx, part="t10k", packed=packed)
    assert open_dataset(str(path.parent))[1] is not None
    assert open_dataset(str(path))[1] is None


def test_built_in_names_win(write, idx, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = pair(write, idx, folder="digits").parent
    monkeypatch.chdir(folder.parent)
    assert len(open_dataset("digits")[0]) == 1797
    main, _ = open_dataset("./digits")
    assert (main.name, len(main)) == ("digits", 6)


def test_arrays(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", X=np.eye(4), y=np.array(["u", "v"] * 2))
    np.save(tmp_path / "images.npy", IMAGES)
    np.save(tmp_path / "labels.npy", LABELS[:, None])
    main, _ = open_dataset(str(tmp_path / "a.npz"))
    assert (main.name, main.classes, main.labels.tolist()) == ("a", ("u", "v"), [0, 1, 0, 1])
    for data in (tmp_path, tmp_path / "images.npy"):
        np.testing.assert_array_equal(open_dataset(str(data))[0].labels, LABELS)


def test_arrays_with_their_own_test_part(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, x_train=np.eye(4), y_train=[1, 2, 1, 2], x_test=np.eye(4)[:1], y_test=[2])
    _, test = open_dataset(str(path))
    assert test is not None
    assert test.labels.tolist() == [1]
    np.savez(path, x_train=np.eye(4), y_train=[1, 2, 1, 2], x_test=np.eye(4)[:1], y_test=[3])
    with pytest.raises(
        InputError, match="test part', labels: the label '3' in row 0 was never seen"
    ):
        open_dataset(str(path))


def test_arrays_by_name_are_found_again(tmp_path: Path) -> None:
    path, new = tmp_path / "a.npz", tmp_path / "b.npz"
    np.savez(path, emb=np.eye(4), x=np.eye(4)[:, :2], y=[1, 2, 1, 2], topic=["u", "v", "u", "u"])
    main, _ = open_dataset(str(path), ReadOptions(target="topic", features=("emb",)))
    assert main.classes == ("u", "v")
    np.savez(new, emb=np.eye(4)[:1], x=np.eye(4)[:1, :2], topic=["v"])
    found = read_like(str(new), main.source, main.classes)
    assert found.labels is not None
    assert found.labels.tolist() == [1]
    np.savez(new, emb=np.eye(4)[:1], x=np.eye(4)[:1, :2])
    assert read_like(str(new), main.source, main.classes).labels is None


def test_soft_labels_of_arrays(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, x=np.eye(2), y=np.array([[0.25, 0.75], [1.0, 0.0]]))
    main, _ = open_dataset(str(path))
    assert main.labels.tolist() == [1, 0]
    assert main.target_probs is not None
    np.savez(path, x=np.eye(2), y=np.array([[0.25, 0.75], [1.0, 1.0]]))
    with pytest.raises(InputError, match=r"a\.npz', labels, row 1: 0 \.\.\. 1 must sum to 1"):
        open_dataset(str(path))


def test_test_file_of_a_table(write) -> None:
    main = str(write("f.csv", CSV))
    test = write("g.csv", "kind,b,a\ny,1,2\n")
    found = open_dataset(main, ReadOptions(target="kind", test=str(test)))[1]
    assert found is not None
    assert (found.labels.tolist(), found.rows.tolist(), found.classes) == ([1], [0], ("x", "y"))
    with pytest.raises(
        InputError, match=r"h\.csv', column 'kind': the label 'z' in row 0 was never"
    ):
        open_dataset(
            main, ReadOptions(target="kind", test=str(write("h.csv", "kind,b,a\nz,1,2\n")))
        )
    with pytest.raises(InputError, match="has no labels"):
        open_dataset(main, ReadOptions(target="kind", test=str(write("i.csv", "b,a\n1,2\n"))))
    with pytest.raises(InputError, match=r"none\.csv': no such file"):
        open_dataset(main, ReadOptions(target="kind", test="none.csv"))


def test_test_part_of_images(write, idx) -> None:
    main = pair(write, idx)
    test = pair(write, idx, folder="other", part="t10k")
    found = open_dataset(str(main), ReadOptions(test=str(test)))[1]
    assert found is not None
    np.testing.assert_array_equal(found.labels, LABELS)
    write("bad/test-images-idx3-ubyte", idx(IMAGES[:, :3]))
    with pytest.raises(InputError, match="holds images of 3x5; the model needs images of 4x5"):
        open_dataset(str(main), ReadOptions(test=str(test.parent.parent / "bad")))


def test_new_data(write, idx, tmp_path: Path) -> None:
    images, _ = open_dataset(str(pair(write, idx)))
    lone = write("lone/images-idx3-ubyte", idx(IMAGES[:2]))
    found = read_like(str(lone), images.source, images.classes)
    assert (found.labels, len(found)) == (None, 2)
    table = write("f.csv", CSV)
    with pytest.raises(InputError, match="is a table; the model needs images of 4x5"):
        read_like(str(table), images.source, images.classes)
    of_table, _ = open_dataset(str(table), ReadOptions(target="kind"))
    with pytest.raises(InputError, match="holds images of 4x5; the model needs the 2 columns"):
        read_like(str(lone), of_table.source, of_table.classes)
    np.savez(tmp_path / "a.npz", x=np.eye(3), y=[0, 1, 0])
    of_arrays, _ = open_dataset(str(tmp_path / "a.npz"))
    np.save(tmp_path / "X.npy", np.eye(3)[:1])
    assert len(read_like(str(tmp_path / "X.npy"), of_arrays.source, of_arrays.classes)) == 1
    np.save(tmp_path / "X.npy", np.eye(2))
    with pytest.raises(InputError, match="holds 2 columns; the model needs the 3 columns"):
        read_like(str(tmp_path / "X.npy"), of_arrays.source, of_arrays.classes)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("mnits", "'mnits': no such file or folder; did you mean mnist?"),
        ("Fashion_MNIST", "did you mean fashion-mnist?"),
        ("none.csv", "built in are digits, mnist, fashion-mnist"),
        (".", "holds no data that is read from folders"),
    ],
)
def test_what_is_not_there(tmp_path: Path, monkeypatch, data: str, message: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=message.replace("?", r"\?")):
        open_dataset(data)


def test_labels_that_do_not_fit(write, idx, tmp_path: Path) -> None:
    lone = write("lone/images-idx3-ubyte", idx(IMAGES))
    with pytest.raises(InputError, match="has no labels: expected"):
        open_dataset(str(lone))
    write("lone/labels-idx1-ubyte", idx(LABELS[:4]))
    with pytest.raises(InputError, match=r"6 examples need labels of shape \(6,\); got \(4,\)"):
        open_dataset(str(lone))
    np.savez(tmp_path / "a.npz", x=np.eye(2), y=[1, 1])
    with pytest.raises(InputError, match="only the class '1'"):
        open_dataset(str(tmp_path / "a.npz"))
    np.savez(tmp_path / "a.npz", x=np.array([[1.0, np.nan], [0, 1]]), y=[1, 2])
    with pytest.raises(InputError, match=r"a\.npz': features must be finite; row 0, column 1"):
        open_dataset(str(tmp_path / "a.npz"))


def test_options_of_tables_elsewhere(write, idx) -> None:
    path = str(pair(write, idx))
    with pytest.raises(InputError, match="--target is for tables; digits holds no columns"):
        open_dataset("digits", ReadOptions(target="y"))
    with pytest.raises(InputError, match="--ignore is for tables"):
        open_dataset(path, ReadOptions(ignore=("a",)))
