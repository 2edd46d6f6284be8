"""Training: it can learn, it resumes exactly, and it stops at nonsense."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (make setup-train)")

from core.errors import LiftError  # noqa: E402
from core.learning.losses import mpjpe  # noqa: E402
from core.learning.network import TemporalModel  # noqa: E402
from core.learning.trainer import TrainingConfig, learning_rate, train  # noqa: E402
from core.lifting.config import LifterConfig  # noqa: E402

SMALL = LifterConfig(
    num_joints_in=5, in_features=2, num_joints_out=4, filter_widths=(3, 3), channels=64, dropout=0.0
)


def make_model():
    torch.manual_seed(0)
    return TemporalModel(SMALL)


def make_loss(seed=0):
    generator = torch.Generator().manual_seed(seed)
    clip = torch.randn(8, 12, 5, 2, generator=generator)
    target = torch.randn(8, 4, 4, 3, generator=generator) * 0.3

    def loss_of_step(model, step):
        loss = mpjpe(model(clip).float(), target)
        return loss, {"position": loss}

    return loss_of_step


def run(folder, config, loss=None):
    model = make_model()
    train(model, loss or make_loss(), lambda _: {}, config, run_folder=folder, seed=1)
    return model


def test_one_batch_is_learned_to_under_5_mm(tmp_path):
    config = TrainingConfig(
        num_steps=600, warmup_steps=20, validate_every=100, use_bfloat16=False, weight_decay=0.0
    )
    model = run(tmp_path, config)
    # BatchNorm's running statistics lag behind; the batch's own are those it was learned with.
    model.train()
    assert make_loss()(model, 0)[0].item() < 0.005


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not(tmp_path):
    config = {"num_steps": 30, "validate_every": 10, "use_bfloat16": False, "warmup_steps": 5}
    whole = run(tmp_path / "whole", TrainingConfig(**config))

    class StoppedError(Exception):
        pass

    def stopping(model, step):
        if step == 25:
            raise StoppedError
        return make_loss()(model, step)

    with pytest.raises(StoppedError):
        run(tmp_path / "cut", TrainingConfig(**config), stopping)
    resumed = run(tmp_path / "cut", TrainingConfig(**config))
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


def test_a_loss_that_is_no_number_names_its_step_and_keeps_the_checkpoint(tmp_path):
    def broken(model, step):
        loss, terms = make_loss()(model, step)
        return (loss * float("nan") if step == 12 else loss), terms

    config = TrainingConfig(num_steps=20, validate_every=10, use_bfloat16=False)
    with pytest.raises(LiftError, match="step 12: the loss is nan"):
        run(tmp_path, config, broken)
    assert torch.load(tmp_path / "last.pt", weights_only=True)["num_steps_done"] == 10


def test_learning_rate_rises_stays_and_falls_to_zero():
    config = TrainingConfig(num_steps=1000, warmup_steps=100, cooldown_share=0.4, peak_rate=2.0)
    rates = [learning_rate(step, config) for step in range(1001)]
    assert rates[0] == pytest.approx(0.02) and rates[99] == rates[600] == 2.0
    assert rates[800] == pytest.approx(1.0) and rates[1000] == 0.0
