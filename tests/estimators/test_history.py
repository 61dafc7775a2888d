import json

from crossent.estimators.history import Epoch


def test_an_epoch_is_a_line_of_json() -> None:
    epoch = Epoch(1, 10, 1280, 0.5, None, None, None, 0.01, 0.25)
    assert Epoch(**json.loads(json.dumps(epoch.to_dict()))) == epoch
    # The names the report draws its curves from.
    assert {"epoch", "train_loss", "validation_loss", "validation_accuracy", "lr"} <= set(
        epoch.to_dict()
    )
