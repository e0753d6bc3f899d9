"""Small whole files of every kind that morph reads from outside, made on the spot."""

from __future__ import annotations

import contextlib
import json
import shutil
from pathlib import Path
from typing import Any

import clips
import cv2
import numpy as np
import toy

ROOT = Path(__file__).parents[2]
ASSETS = ROOT / "morph" / "assets"
PROPS = ROOT / "viewer" / "props"
PICTURES = ("png", "jpg", "webp", "bmp", "tiff", "hdr", "avif", "jp2")


def make(folder: Path) -> dict[str, list[tuple[Path, str]]]:
    """For every reader of :mod:`robustness.worker`: what it is given, and which file of it may be damaged ("" is itself)."""
    folder.mkdir(parents=True, exist_ok=True)
    made = {
        "picture": _pictures(folder),
        "clip": _clips(folder),
        "folder of pictures": _sequence(folder),
        "mat": [(_mat(folder / "a.mat"), "")],
        "matlab model": [(_mat(folder / "b.mat"), "")],
        "model": [(_model(folder / "toy.npz"), "")],
        "crop set": _parts(_crops(folder / "crops"), "meta.json", "labels.npz", "images.npy"),
        "windows": _parts(_windows(folder / "windows"), "meta.json", "labels.npz", "images.npy"),
        "track": _parts(_track(folder / "track"), "coefficients.npz", "summary.json"),
        "regressor": [(_copy(ASSETS / "shufflenet_v2_x0.5.onnx", folder), "")],
        "expressions": [(_copy(ASSETS / "expressions_x1.0.onnx", folder), "")],
        "experts": [(_copy(ASSETS / "experts_x1.0.onnx", folder), "")],
        "recipe": [(_recipe(folder / "recipe.yaml"), "")],
        "prop": _props(folder),
        "blinks": [(_blinks(folder / "blinks.csv"), "")],
        "weak labels": [(_weak(folder / "weak.npz"), "")],
        "landmark set": [(_aflw(folder / "aflw"), "labels.npz")],
        "truth": [(_truth(folder / "truth.npz"), "")],
        "face texture": [(_square(folder / "face.png"), "")],
    }
    with contextlib.suppress(ImportError):  # the extra train
        made["weights"] = [(_weights(folder / "w.safetensors"), "")]
    return made


def _parts(place: Path, *names: str) -> list[tuple[Path, str]]:
    return [(place, name) for name in names]


def _copy(path: Path, folder: Path) -> Path:
    return Path(shutil.copy(path, folder))


def _picture(side: int = 24) -> np.ndarray:
    y, x = np.mgrid[:side, : side + 8]
    return np.stack([7 * x, 9 * y, 3 * (x + y)], -1).astype(np.uint8)


def _pictures(folder: Path) -> list[tuple[Path, str]]:
    out = []
    for suffix in PICTURES:
        picture = _picture().astype(np.float32) / 255 if suffix == "hdr" else _picture()
        try:
            good, data = cv2.imencode(f".{suffix}", picture)
        except cv2.error:  # this OpenCV was built without it
            continue
        if good:
            (folder / f"p.{suffix}").write_bytes(data.tobytes())
            out.append((folder / f"p.{suffix}", ""))
    return out


def _clips(folder: Path) -> list[tuple[Path, str]]:
    frames = [np.roll(_picture(48), 3 * k, 1) for k in range(6)]
    clips.write_clip(folder / "c.mp4", frames)
    clips.write_stream(folder / "c.avi", frames, "mjpeg", "yuvj420p")
    clips.write_stream(folder / "c.mkv", frames, "mpeg4", "yuv420p")
    clips.write_stream(folder / "c.mov", frames, "png", "rgb24")
    clips.write_stream(folder / "c.gif", [frame[..., :3] for frame in frames], "gif", "rgb8")
    return [(folder / f"c.{suffix}", "") for suffix in ("mp4", "avi", "mkv", "mov", "gif")]


def _sequence(folder: Path) -> list[tuple[Path, str]]:
    (folder / "sequence").mkdir()
    for k in range(3):
        cv2.imwrite(str(folder / "sequence" / f"shot.{k:04d}.png"), np.roll(_picture(), k, 0))
    return [(folder / "sequence", "shot.0001.png")]


def _mat(path: Path) -> Path:
    from scipy.io import savemat

    rng = np.random.default_rng(0)
    labels = {
        "Pose_Para": np.array([[0.1, -0.3, 0.05, 60, 60, 0, 0.001]]),
        "Shape_Para": rng.normal(0, 1e4, (199, 1)),
        "Exp_Para": rng.normal(0, 1, (29, 1)),
        "pt2d": rng.uniform(0, 120, (2, 68)),
        "pt3d_68": rng.uniform(0, 120, (3, 68)),
        "roi": np.array([[1, 1, 120, 120]]),
    }
    savemat(path, labels, do_compression=path.stem == "a")
    return path


def _model(path: Path) -> Path:
    toy.toy_model().save(path)
    return path


def _labels(count: int) -> dict[str, Any]:
    rng = np.random.default_rng(1)
    return {
        "shape": rng.normal(size=(count, 4)),
        "expression": rng.normal(size=(count, 3)),
        "rotation": np.tile(np.eye(3), (count, 1, 1)),
        "scale": np.ones(count),
        "translation": rng.uniform(0, 20, (count, 2)),
        "landmarks": rng.uniform(0, 20, (count, 68, 2)).astype(np.float32),
    }


def _crops(folder: Path) -> Path:
    from morph.datasets.crops import CropSet

    identity = toy.toy_model().identity
    CropSet(np.zeros((3, 20, 20, 3), np.uint8), _labels(3), {"model": {"name": "toy", "identity": identity}}).save(folder)
    return folder


def _windows(folder: Path) -> Path:
    from morph.datasets.clip_windows import ClipWindow, write_windows

    pictures, points = np.zeros((3, 20, 20, 3), np.uint8), np.zeros((3, 68, 2), np.float32)
    window = ClipWindow(pictures, points, points[:2], np.ones((2, 68), bool), 0)
    write_windows(folder, [window, window], (2, 3, 20), {"clips": ["a"]})
    return folder


def _track(folder: Path) -> Path:
    folder.mkdir()
    labels = _labels(5)
    del labels["landmarks"]
    arrays = {"frame": np.arange(5), "time": np.arange(5) / 25, "id": np.zeros(5, int), **labels}
    np.savez_compressed(folder / "coefficients.npz", **arrays, model_identity=np.array("abc"), model_name=np.array("toy"))
    (folder / "summary.json").write_text(json.dumps({"input": "clip.mp4", "width": 40, "height": 30, "frames": 5}))
    return folder


def _recipe(path: Path) -> Path:
    shutil.copy(sorted((ROOT / "configs").glob("synthetic_x1.0.yaml"))[0], path)
    return path


def _props(folder: Path) -> list[tuple[Path, str]]:
    out = []
    for name in ("glasses", "dog", "mask", "eyes", "beauty", "swap"):
        if not (PROPS / name).is_dir():
            continue
        place = Path(shutil.copytree(PROPS / name, folder / "props" / name))
        out += [(place, file.name) for file in sorted(place.iterdir()) if file.suffix in (".yaml", ".glb", ".png")]
    return out


def _blinks(path: Path) -> Path:
    path.write_text("# made\nclip,first,last\na.mp4,3,9\na.mp4,20,24\nb.mp4,,\n")
    return path


def _weak(path: Path) -> Path:
    rng = np.random.default_rng(2)
    np.savez(path, name=np.array([f"{i:06d}" for i in range(3)]), pts68=rng.uniform(0, 20, (3, 68, 3)))
    return path


def _aflw(folder: Path) -> Path:
    (folder / "images").mkdir(parents=True)
    names, rng = np.array(["a", "b"]), np.random.default_rng(3)
    for name in names:
        cv2.imwrite(str(folder / "images" / f"{name}.jpg"), _picture())
    np.savez(folder / "labels.npz", name=names, pts68=rng.uniform(0, 20, (2, 68, 2)), visibility=np.ones((2, 68), np.int8))
    return folder


def _truth(path: Path) -> Path:
    source = ROOT / "data" / "demo" / "talking_head_truth.npz"
    shutil.copy(source, path)
    return path


def _square(path: Path) -> Path:
    cv2.imwrite(str(path), np.tile(_picture(24)[:, :24], (22, 22, 1))[:512, :512])
    return path


def _weights(path: Path) -> Path:
    import torch

    from morph.network.regressor import CoefficientRegressor, WeightsInfo, save_weights

    torch.manual_seed(0)
    save_weights(CoefficientRegressor(WeightsInfo("toy", toy.toy_model().identity, 4, 3, width=0.5, input_size=64)), path)
    return path
