import pytest
import torch

from crossent.errors import InputError
from crossent.estimators.device import on_this_machine, reproducible, resolve_device
from crossent.estimators.settings import TrainSettings


@pytest.mark.parametrize("name", ["tpu9", "cuda:99", "", "meta device\n"])
def test_a_device_that_is_not_there_is_refused(name) -> None:
    with pytest.raises(InputError, match="choose one of auto, cpu") as caught:
        resolve_device(name)
    assert "\n" not in str(caught.value)


def test_auto_is_a_device_of_this_machine() -> None:
    assert resolve_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


def test_small_work_takes_one_thread() -> None:
    settings = TrainSettings(hidden=(16,), batch_size=32, device="cpu")
    torch.set_num_threads(2)
    assert on_this_machine(settings, (64,)).threads == 1
    assert on_this_machine(settings, (100_000,)).threads == 2
    assert on_this_machine(TrainSettings(threads=3, device="cpu"), (64,)).threads == 3


def test_the_callers_state_comes_back() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    with reproducible(TrainSettings(seed=9, threads=2, device="cpu")):
        assert torch.get_num_threads() == 2
        inside = torch.rand(3)
    assert torch.get_num_threads() == 1
    assert torch.equal(torch.rand(3), expected)
    torch.manual_seed(9)
    assert torch.equal(torch.rand(3), inside)
