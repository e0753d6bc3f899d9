import numpy as np
import pytest

from morph.errors import MorphError
from morph.model import Decoder, load_default_model
from morph.model.subdivided_decoder import SubdividedDecoder
from morph.model.subdivision import subdivide

COARSE = load_default_model(0)
FINE = subdivide(COARSE)


@pytest.fixture(scope="module")
def decoders():
    return Decoder(FINE), SubdividedDecoder(FINE, COARSE)


@pytest.mark.parametrize("batch", [(), (1,), (2, 3), (0,)])
def test_gives_the_vertices_of_the_plain_decoder(decoders, batch):
    rng = np.random.default_rng(1)
    shape, expression = rng.normal(size=(*batch, FINE.n_shape)), rng.normal(size=(*batch, FINE.n_expression))
    plain, quick = (decoder(shape, expression) for decoder in decoders)
    assert quick.shape == plain.shape == (*batch, FINE.n_vertices, 3)
    assert quick.dtype == plain.dtype == np.float32
    assert np.abs(quick - plain).max(initial=0.0) < 5e-4  # millimetres


def test_says_what_it_decodes_and_refuses_other_lengths(decoders):
    assert decoders[1].model is FINE
    assert decoders[1].n_vertices == FINE.n_vertices
    with pytest.raises(MorphError, match="shape must have shape"):
        decoders[1](np.zeros(3), np.zeros(FINE.n_expression))


def test_models_that_do_not_belong_together():
    with pytest.raises(MorphError, match="subdivided once"):
        SubdividedDecoder(COARSE, COARSE)
