"""The PyTorch twin agrees with NumPy, gradients included."""

from __future__ import annotations

import numpy as np
import pytest

from morph.errors import MorphError
from morph.model import Decoder, landmark_decoder, rotation

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra `train`)")
from morph.model import torch_decoder  # noqa: E402


def relative(got: torch.Tensor, expected: np.ndarray) -> float:
    return float(np.abs(got.detach().numpy() - expected).max() / np.abs(expected).max())


@pytest.mark.parametrize("vertices", [None, [5, 2, 2, 280]])
def test_decodes_as_numpy_does(sketch_model, random_coefficients, vertices):
    given = random_coefficients(7)
    shape, expression = (torch.tensor(part, dtype=torch.float32) for part in (given.shape, given.expression))
    got = torch_decoder.TorchDecoder(sketch_model, vertices)(shape, expression)
    assert relative(got, Decoder(sketch_model, vertices)(given.shape, given.expression)) < 1e-5


@pytest.mark.parametrize("batch", [(), (4,), (2, 3)])
def test_decode_flat_as_numpy_projects(sketch_model, random_coefficients, batch):
    given = random_coefficients(*batch)
    got = torch_decoder.TorchDecoder(sketch_model, sketch_model.landmarks).decode_flat(torch.tensor(given.flatten()).float())
    assert relative(got, landmark_decoder(sketch_model).project(given)) < 1e-5


def test_project_as_numpy_does(random_coefficients):
    given = random_coefficients(3)
    points = np.random.default_rng(5).normal(scale=50, size=(3, 9, 3))
    parts = (torch.tensor(part) for part in (points, given.rotation, given.scale, given.translation))
    assert relative(torch_decoder.project(*parts), given.camera.project(points)) < 1e-12


def test_rotations_as_numpy():
    rng = np.random.default_rng(6)
    angles, six = rng.uniform(-3, 3, (20, 3)), rng.normal(size=(20, 6))
    matrix = rotation.euler_to_matrix(angles)
    assert relative(torch_decoder.euler_to_matrix(torch.tensor(angles)), matrix) < 1e-12
    assert relative(torch_decoder.sixd_to_matrix(torch.tensor(six)), rotation.sixd_to_matrix(six)) < 1e-12
    assert relative(torch_decoder.matrix_to_sixd(torch.tensor(matrix)), rotation.matrix_to_sixd(matrix)) < 1e-12


def test_gradients_in_float64(sketch_model, random_coefficients):
    decoder = torch_decoder.TorchDecoder(sketch_model, [0, 40, 150]).double()
    flat = torch.tensor(random_coefficients(2).flatten(), requires_grad=True)
    assert torch.autograd.gradcheck(decoder.decode_flat, (flat,))
    angles = torch.tensor([[0.2, -0.7, 1.1]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(torch_decoder.euler_to_matrix, (angles,))
    six = torch.tensor([[1.0, 0.3, -0.2, 0.1, 2.0, 0.4]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(torch_decoder.sixd_to_matrix, (six,))


def test_gradient_of_the_shape_is_the_basis(sketch_model):
    decoder = torch_decoder.TorchDecoder(sketch_model, [17])
    jacobian = torch.autograd.functional.jacobian(lambda s: decoder(s, torch.zeros(5)), torch.zeros(6))
    np.testing.assert_allclose(jacobian[0].numpy(), sketch_model.shape_basis[17] * sketch_model.shape_std, rtol=1e-5)


def test_checkpoints_hold_no_copy_of_the_model(sketch_model):
    decoder = torch_decoder.TorchDecoder(sketch_model)
    assert not decoder.state_dict()
    assert not list(decoder.parameters())


def test_autocast_does_not_cost_precision(sketch_model, random_coefficients):
    given = random_coefficients(4)
    flat = torch.tensor(given.flatten()).float()
    decoder = torch_decoder.TorchDecoder(sketch_model, sketch_model.landmarks)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        got = decoder.decode_flat(flat)
    assert relative(got, landmark_decoder(sketch_model).project(given)) < 1e-5


def test_double_follows_the_buffers(sketch_model):
    decoder = torch_decoder.TorchDecoder(sketch_model).double()
    assert decoder(torch.zeros(1, 6), torch.zeros(1, 5)).dtype == torch.float64


def test_wrong_shapes_are_named(sketch_model):
    decoder = torch_decoder.TorchDecoder(sketch_model)
    with pytest.raises(MorphError, match=r"expression must have shape \(\.\.\., 5\), got \(2, 4\)"):
        decoder(torch.zeros(2, 6), torch.zeros(2, 4))
    with pytest.raises(MorphError, match=r"flat coefficients must have shape \(\.\.\., 6 \+ 5 \+ 9\), got \(2, 19\)"):
        decoder.decode_flat(torch.zeros(2, 19))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_same_on_a_gpu(sketch_model, random_coefficients):
    given = random_coefficients(4)
    decoder = torch_decoder.TorchDecoder(sketch_model, sketch_model.landmarks).cuda()
    got = decoder.decode_flat(torch.tensor(given.flatten()).float().cuda()).cpu()
    assert relative(got, landmark_decoder(sketch_model).project(given)) < 1e-4
