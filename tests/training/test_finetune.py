"""Fine-tuning on clips: the loss, windows and their augmentation, whole runs on toy and real pictures, bad input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml
from clips import portrait, write_clip

pytest.importorskip("lightning", reason="lightning is not installed: pip install 'morph-face[train]'")

import torch
from toy_crops import MODEL
from toy_windows import recipe, toy_run, write_toy_windows

from morph.cli import main
from morph.datasets.augmentation import AugmentationConfig
from morph.datasets.clip_windows import ClipWindows
from morph.datasets.window_batches import WindowBatches
from morph.errors import MorphError
from morph.network.regressor import load_weights
from morph.training.config import load_config
from morph.training.finetune import finetune
from morph.training.flow_config import FinetuneConfig
from morph.training.flow_module import FlowModule, registration_loss
from morph.training.run import read_curve

STILL_PIXELS = dict.fromkeys(("colour", "grey", "blur", "low_resolution", "noise", "jpeg", "occluder"), 0.0)


def test_loss_is_nothing_where_the_network_moves_with_the_flow() -> None:
    points = torch.rand(2, 3, 68, 2) * 100
    step = torch.tensor([2.0, -1.0])
    points = points[:, :1] + torch.arange(3)[None, :, None, None] * step
    trusted = torch.ones(2, 2, 68, dtype=torch.bool)
    assert registration_loss(points, points[:, :-1] + step, trusted) < 1e-5
    still = registration_loss(points, points[:, :-1], trusted)
    assert still == pytest.approx(5**0.5, abs=0.11)
    half = trusted.clone()
    half[..., :34] = False
    points[..., :34, :] += 50 * torch.rand(2, 3, 34, 2)
    assert registration_loss(points, points[:, :-1] + step, half) < 1e-5
    assert registration_loss(points, points[:, :-1] + step, trusted) > 1
    assert registration_loss(points, points[:, :-1], torch.zeros_like(trusted)) == 0


def test_windows_move_with_their_dot(tmp_path: Path) -> None:
    windows = write_toy_windows(tmp_path / "windows")
    augmentation = AugmentationConfig(**STILL_PIXELS)
    batch = WindowBatches(windows, 64, augmentation, jitter=0.02, seed=3).batch(range(12), epoch=1)
    y, x = np.mgrid[:64, :64]
    wrong = []
    for images, shared, flow in zip(batch["image"].astype(float), batch["shared"], batch["flow"], strict=True):
        mass = images[..., 0]
        dots = np.stack([(mass * x).sum((1, 2)), (mass * y).sum((1, 2))], -1) / mass.sum((1, 2))[:, None]
        if (dots < 6).any() or (dots > 57).any():
            continue
        there = np.einsum("tij,tj->ti", shared[..., :2], dots) + shared[..., 2]
        wrong.append(np.abs(np.diff(there, axis=0) - flow[:, 30]).max())
    assert len(wrong) > 6
    assert np.median(wrong) < 0.1
    assert np.mean(np.array(wrong) < 0.25) > 0.8  # a dot on the very edge of its picture is cut
    assert np.abs(batch["shared"] - np.eye(2, 3)).max() > 0.5
    plain = WindowBatches(windows, 64, None).batch(range(12))
    assert np.allclose(plain["shared"], np.eye(2, 3), atol=1e-5)


@pytest.mark.parametrize("flow", ["stop_gradient", "differentiable"])
def test_loss_of_a_network_that_sees_the_dot(tmp_path: Path, flow: str) -> None:
    config = FinetuneConfig.model_validate(recipe(tmp_path, flow=flow, jitter=0.02))
    windows = write_toy_windows(tmp_path / "windows")
    pixels = AugmentationConfig(**STILL_PIXELS, rotation=20.0)
    batches = WindowBatches(windows, 64, pixels, jitter=0.02, grey=True)
    batch = {name: torch.from_numpy(value) for name, value in batches.batch(range(4)).items()}
    network = load_weights(tmp_path / "start.safetensors")
    module = FlowModule(network, MODEL, config, 10)
    assert module.flow_loss(network, batch) > 0.3  # it has learned nothing yet

    def dot(image: torch.Tensor) -> tuple[torch.Tensor, None]:
        """Whitened coefficients of the mean face, all of it on the dot."""
        mass = image[..., 0].double() + 1e-9
        line = torch.arange(64, dtype=torch.float64)
        centre = torch.stack([(mass.sum(1) * line).sum(1), (mass.sum(2) * line).sum(1)], -1) / mass.sum((1, 2))[:, None]
        flat = torch.zeros(len(image), network.info.layout.size)
        flat[:, [-9, -5]] = 1.0
        flat[:, -3] = -20.0
        flat[:, -2:] = centre.float()
        return network.whiten(flat), None

    network.whitened = dot  # type: ignore[method-assign]
    assert module.flow_loss(network, batch) < 0.2
    batch["flow"] = batch["flow"] + 2.0
    batch["grey"][:, 1] = torch.roll(batch["grey"][:, 1], (2, 2), (1, 2))
    assert module.flow_loss(network, batch) > 1.0


@pytest.mark.parametrize("flow", ["stop_gradient", "differentiable"])
def test_steps_lower_the_loss(tmp_path: Path, flow: str) -> None:
    config = FinetuneConfig.model_validate(recipe(tmp_path, flow=flow))
    network = load_weights(tmp_path / "start.safetensors")
    module = FlowModule(network, MODEL, config, 10).train()
    batches = WindowBatches(write_toy_windows(tmp_path / "windows"), 64, None, grey=True)
    batch = {name: torch.from_numpy(value) for name, value in batches.batch(range(3)).items()}
    optimizer = torch.optim.Adam(network.parameters(), 2e-3)
    losses = []
    for _ in range(25):
        loss = module.flow_loss(network, batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[0] > 0.5
    assert min(losses[-3:]) < 0.6 * losses[0]


@pytest.mark.slow
def test_run_writes_what_training_writes(tmp_path: Path) -> None:
    config = FinetuneConfig.model_validate(recipe(tmp_path))
    weights = toy_run(tmp_path, "run", config)
    names = {path.name for path in weights.parent.iterdir()}
    assert {"config.yaml", "last.ckpt", "curve.csv", "curve.png", "weights.safetensors", "weights.onnx"} <= names
    assert len(read_curve(tmp_path / "run")) == 3
    assert load_weights(tmp_path / "run" / "weights.safetensors").info.trained_on == "toy: set; clips toy"


@pytest.mark.parametrize(("batch_norm", "moves"), [("frozen", False), ("labelled", True)])
def test_statistics_never_follow_the_clips(tmp_path: Path, batch_norm: str, moves: bool) -> None:
    values = recipe(tmp_path, batch_norm=batch_norm)
    network = load_weights(tmp_path / "start.safetensors")
    module = FlowModule(network, MODEL, FinetuneConfig.model_validate(values), 10).train()
    module.log = module.log_dict = lambda *_, **__: None  # type: ignore[method-assign]
    before = network.features[0][1].running_mean.clone()
    clips = {
        name: torch.from_numpy(v) for name, v in WindowBatches(write_toy_windows(tmp_path / "w"), 64, None).batch([0]).items()
    }
    module.flow_loss(network, clips)
    labelled = {
        "image": torch.randint(0, 256, (8, 64, 64, 3), dtype=torch.uint8),
        "flat": torch.zeros(8, network.info.layout.size),
        "landmarks": torch.zeros(8, 68, 2),
        "weights": torch.ones(8, 68),
        "expression_weights": torch.ones(8, network.info.n_expression),
    }
    network.load_state_dict(load_weights(tmp_path / "start.safetensors").state_dict())
    module.training_step({"labelled": labelled, "clips": clips}, 0)
    after = network.features[0][1].running_mean.clone()
    assert bool((before != after).any()) is moves
    if moves:  # and by the labelled pictures alone
        network.load_state_dict(load_weights(tmp_path / "start.safetensors").state_dict())
        super(FlowModule, module).training_step(labelled, 0)
        assert torch.equal(network.features[0][1].running_mean, after)


def write_recipe(folder: Path, **changes: Any) -> Path:
    """A recipe of the default model on a few renders, beginning from the weights that ship."""
    from morph.inference.regressor import default_weights
    from morph.synthesis import SynthesisPlan, synthesise

    synthesise(SynthesisPlan(16, seed=1, size=64), folder / "renders")
    values = {
        "name": "real",
        "data": {"sets": [{"path": str(folder / "renders")}], "validation_share": 0.2},
        "network": {"width": 1.0, "input_size": 96, "start": str(default_weights())},
        "registration": {"batch_size": 2},
        "training": {"epochs": 1, "batch_size": 4, "samples_per_epoch": 8, "workers": 0, "threads": 1},
    }
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(values | changes))
    return path


@pytest.mark.slow
def test_command_makes_weights_that_track(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "clips").mkdir()
    write_clip(tmp_path / "clips" / "a.mp4", [portrait(shift=2 * i) for i in range(7)])
    write_clip(tmp_path / "clips" / "wall.mp4", [np.full((96, 96, 3), 90, np.uint8)] * 3)
    recipe_file = write_recipe(tmp_path)
    command = ["finetune", "--clips", str(tmp_path / "clips"), "--config", str(recipe_file), "--out", str(tmp_path / "run")]
    command += ["--set", "registration.weight=3.5"]
    assert main(command) == 0
    assert yaml.safe_load((tmp_path / "run" / "config.yaml").read_text())["registration"]["weight"] == 3.5
    text = capsys.readouterr().out
    assert "3 windows of 2 clips" in text
    assert "no face was followed in wall.mp4" in text
    windows = ClipWindows.open(tmp_path / "run" / "windows")
    assert windows.images.shape == (3, 3, 160, 160, 3)
    inner = windows.trusted[..., 17:]
    assert inner.mean() > 0.4
    wide = np.ptp(windows.landmarks[0, 0], axis=0).max()
    flow = np.median(windows.flow[..., 17:, :][inner], axis=0)
    assert flow[0] > 1.0  # the portrait moves to the right: 1.6 of 320 pixels a frame
    assert abs(flow[1]) < 0.3
    assert 80 < wide < 130  # of 160: the published crop is three quarters of the stored side
    from morph import Tracker

    faces = list(Tracker(tmp_path / "run" / "weights.onnx").track(tmp_path / "clips" / "a.mp4"))
    assert len(faces) == 7
    assert Tracker(tmp_path / "run" / "weights.onnx").regressor.info["trained_on"] == "real: renders; clips clips"
    write_clip(tmp_path / "clips" / "b.mp4", [portrait()] * 3)
    assert main(command) == 2
    assert "holds windows of other clips" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda place: None, "no clips at"),
        (lambda place: place.mkdir(), "holds no clips; give a folder with"),
        (lambda place: place.write_bytes(b"nonsense" * 99), "neither a picture nor a clip"),
        (lambda place: cv2.imwrite(str(place), np.zeros((8, 8, 3), np.uint8)), "is no clip"),
    ],
    ids=["absent", "empty", "damaged", "picture"],
)
def test_bad_clips_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], make: Any, message: str) -> None:
    place = tmp_path / "clips.png" if message == "is no clip" else tmp_path / "clips"
    make(place)
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(recipe(tmp_path)))
    assert main(["finetune", "--clips", str(place), "--config", str(tmp_path / "c.yaml"), "--out", str(tmp_path / "run")]) == 2
    text = capsys.readouterr().err
    assert message in text
    assert text.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_faults_of_a_recipe(tmp_path: Path) -> None:
    values = recipe(tmp_path)
    del values["network"]["start"]
    with pytest.raises(MorphError, match="needs weights to begin from"):
        finetune(FinetuneConfig.model_validate(values), [tmp_path], tmp_path / "run")
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(recipe(tmp_path) | {"registration": {"flow": "farneback"}}))
    with pytest.raises(MorphError, match=r"registration\.flow"):
        load_config(tmp_path / "c.yaml", FinetuneConfig)


def test_damaged_windows(tmp_path: Path) -> None:
    write_toy_windows(tmp_path / "windows")
    (tmp_path / "windows" / "labels.npz").write_bytes(b"broken")
    with pytest.raises(MorphError, match="not the labels of a set of clip windows, or damaged"):
        ClipWindows.open(tmp_path / "windows")


RECIPES = sorted((Path(__file__).parents[2] / "configs").glob("finetune_*.yaml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_shipped_recipes_are_valid(path: Path) -> None:
    config = load_config(path, FinetuneConfig)
    assert config.name == path.stem
    assert config.network.start is not None
