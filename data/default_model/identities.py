"""Samples identities from MakeHuman's sliders and finds the symmetric and antisymmetric modes of their shape."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LOCAL_FOLDERS = ("asym", "cheek", "chin", "ears", "eyebrows", "eyes", "forehead", "head", "mouth", "neck", "nose")
OPPOSITES = (
    ("decr", "incr"),
    ("down", "up"),
    ("in", "out"),
    ("backward", "forward"),
    ("compress", "uncompress"),
    ("concave", "convex"),
    ("l", "r"),
)
# Standard deviation of a slider (1 is MakeHuman's end stop), first match wins; 0 leaves it out.
SPREAD = (
    ("head/head-trans", 0.0),
    ("head/head-angle", 0.0),
    ("head/head-age", 0.08),
    ("neck/neck-trans", 0.0),
    ("neck/measure", 0.08),
    ("neck/", 0.06),
    ("ears/", 0.12),
    ("shape-pointed", 0.05),
    ("asym/", 0.10),
    ("head/", 0.10),
    ("forehead/", 0.12),
    ("eye-height", 0.08),
    ("eye-scale", 0.08),
    ("eye-push", 0.08),
    ("eye-eyefold", 0.12),
    ("eyes/", 0.14),
    ("nose/nose-compression", 0.08),
    ("nose/nose-septumangle", 0.10),
    ("mouth/mouth-dimples", 0.10),
    ("", 0.16),
)
# Mean of a slider, else 0: without these the fits to photographs of AFLW ask for deeper noses and mouths (README.md).
MEAN = {"nose/nose-scale-depth": 0.3, "nose/nose-greek": 0.3, "mouth/mouth-scale-depth": 0.8}
PEOPLE = (0.5, 0.4, 0.9)  # Dirichlet weights of african, asian and caucasian
SIDES_AGREE = 0.94  # correlation of a left slider with its right twin


@dataclass(frozen=True)
class Slider:
    """One slider of MakeHuman: the targets that it blends in when negative and when positive."""

    name: str
    negative: str | None
    positive: str


def pair_sliders(names: list[str]) -> list[Slider]:
    """Group targets such as ``nose/nose-base-down`` and ``-up`` into two-sided sliders."""
    free, sliders = set(names), []
    for name in sorted(names):
        if name not in free:
            continue
        base, _, tail = name.rpartition("-")
        for low, high in OPPOSITES:
            if tail in (low, high) and {f"{base}-{low}", f"{base}-{high}"} <= free:
                sliders.append(Slider(base, f"{base}-{low}", f"{base}-{high}"))
                free -= {f"{base}-{low}", f"{base}-{high}"}
                break
        else:
            sliders.append(Slider(name, None, name))
            free.discard(name)
    return sliders


def _thirds(value: float, name: str) -> dict[str, float]:
    return {
        f"min{name}": max(0.0, 1 - 2 * value),
        f"average{name}": 1 - abs(2 * value - 1),
        f"max{name}": max(0.0, 2 * value - 1),
    }


def macro_weights(gender: float, age: float, muscle: float, weight: float, ethnicity: Floats) -> dict[str, float]:
    """Weights of MakeHuman's macro targets of an adult.

    Args:
        gender: 0 female to 1 male.
        age: 0 for 25 years to 1 for 90; below 0 towards a child, down to -1.
        muscle: how muscular, 0..1; 0.5 is average.
        weight: how heavy, 0..1; 0.5 is average.
        ethnicity: ``(3,)`` shares of african, asian and caucasian, sum 1.
    """
    ages = {"young": 1 - age, "old": age} if age >= 0 else {"child": -age, "young": 1 + age}
    weights: dict[str, float] = {}
    for (sex, a), (years, b) in itertools.product({"female": 1 - gender, "male": gender}.items(), ages.items()):
        for people, c in zip(("african", "asian", "caucasian"), ethnicity, strict=True):
            weights[f"{people}-{sex}-{years}"] = a * b * float(c)
        for (strong, d), (heavy, e) in itertools.product(_thirds(muscle, "muscle").items(), _thirds(weight, "weight").items()):
            weights[f"universal-{sex}-{years}-{strong}-{heavy}"] = a * b * d * e
    return weights


def _spread(name: str) -> float:
    return next(value for part, value in SPREAD if part in name)


def sample_weights(names: list[str], n: int, rng: np.random.Generator) -> Floats:
    """``(n, len(names))`` weights of macro and local targets of ``n`` random adults."""
    column = {name: i for i, name in enumerate(names)}
    sliders = pair_sliders([name for name in names if "/" in name])
    spread = np.array([_spread(slider.name) for slider in sliders])
    mean = np.array([MEAN.get(slider.name, 0.0) for slider in sliders])
    twin = {s.name: i for i, s in enumerate(sliders)}
    weights = np.zeros((n, len(names)))
    for row in weights:
        gender = rng.beta(0.8, 0.8)
        age = rng.uniform(-0.25, 0.1) if rng.random() < 0.45 else rng.uniform(0.1, 0.85)
        muscle, weight = np.clip(rng.normal(0.5, 0.18, 2), 0, 1)
        for name, value in macro_weights(gender, age, muscle, weight, rng.dirichlet(PEOPLE)).items():
            if name in column:
                row[column[name]] = value
        noise = rng.normal(size=len(sliders))
        for i, slider in enumerate(sliders):
            other = twin.get(slider.name.replace("/l-", "/r-"))
            if other is not None and other != i:
                noise[other] = SIDES_AGREE * noise[i] + np.sqrt(1 - SIDES_AGREE**2) * noise[other]
        for slider, value in zip(sliders, mean + np.clip(noise, -2.5, 2.5) * spread, strict=True):
            if value < 0 and slider.negative:
                row[column[slider.negative]] -= value
            elif value > 0 or slider.name.startswith("head/"):  # a head is as often less square as it is more square
                row[column[slider.positive]] += value
    return weights


def align(shapes: Floats, face: npt.NDArray[np.bool_], rounds: int = 3) -> tuple[Floats, Floats]:
    """Generalised Procrustes: every shape turned, scaled and shifted so that its face lies best on the mean face.

    Args:
        shapes: ``(N, V, 3)``, changed in place.
        face: ``(V,)`` the vertices that count.
        rounds: how often the mean is taken anew.

    Returns:
        The shapes and their ``(V, 3)`` mean, whose face is centred on the origin.
    """
    mean = shapes.mean(axis=0)
    size = np.sqrt(np.square(mean[face] - mean[face].mean(axis=0)).sum())
    for _ in range(rounds):
        target = mean[face] - mean[face].mean(axis=0)
        target *= size / np.sqrt(np.square(target).sum())
        for shape in shapes:
            shape -= shape[face].mean(axis=0)
            u, s, vt = np.linalg.svd(shape[face].T @ target)
            sign = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
            scale = (s * np.diag(sign)).sum() / np.square(shape[face]).sum()
            shape[:] = scale * shape @ (u @ sign @ vt)
        mean = shapes.mean(axis=0)
    return shapes, mean


@dataclass(frozen=True)
class Modes:
    """``(V, 3)`` mean, ``(V, 3, S)`` modes of one standard deviation each, their ``(S,)`` sign under mirroring and the
    share of the weighted variance that they carry."""

    mean: Floats
    basis: Floats
    parity: Floats
    share: float


def mirror_shape(shapes: Floats, mirror: Ints) -> Floats:
    """Shapes ``(..., V, 3)`` of the mirrored heads."""
    return shapes[..., mirror, :] * [-1.0, 1.0, 1.0]


def principal_modes(shapes: Floats, mirror: Ints, weight: Floats, n_modes: int) -> Modes:
    """PCA of the shapes and their mirror images.

    The covariance of that doubled set falls into a symmetric and an antisymmetric block, so each is solved on its own.

    Args:
        shapes: ``(N, V, 3)`` aligned.
        mirror: ``(V,)``.
        weight: ``(V,)`` importance of each vertex.
        n_modes: how many of the strongest to keep.
    """
    n, v, _ = shapes.shape
    image = mirror_shape(shapes, mirror)
    mean = 0.5 * (shapes + image).mean(axis=0)
    root = np.sqrt(weight)[:, None]
    found: list[tuple[float, float, Floats]] = []
    total = 0.0
    for parity in (1.0, -1.0):
        part = 0.5 * (shapes + parity * image)
        if parity > 0:
            part -= mean
        flat = (part * root).reshape(n, -1)
        values, vectors = np.linalg.eigh(flat @ flat.T / n)
        total += float(values.sum())
        for k in range(n - 1, n - 1 - n_modes, -1):
            # flat.T @ u / sqrt(n) has squared length values[k]: one standard deviation of the mode
            mode = ((vectors[:, k] @ flat) / np.sqrt(n)).reshape(v, 3) / root
            mode = 0.5 * (mode + parity * mirror_shape(mode, mirror))
            mode *= np.sign(mode.ravel()[np.argmax(np.abs(mode * root))])
            found.append((float(values[k]), parity, mode))
    found.sort(key=lambda item: -item[0])
    kept = found[:n_modes]
    basis = np.stack([mode for *_, mode in kept], axis=-1)
    return Modes(mean, basis, np.array([parity for _, parity, _ in kept]), sum(value for value, *_ in kept) / total)
