"""Which faces have which material."""

from __future__ import annotations

import numpy as np
from toy import toy_model

from morph.export.head_mesh import faces_of
from morph.export.shot.regions import regions_of
from morph.model import load_default_model


def test_every_face_has_one_material_and_teeth_lie_behind_the_lips() -> None:
    model = load_default_model(0)
    regions = regions_of(model)
    assert [region.name for region in regions] == ["skin", "eyes", "teeth", "tongue"]
    assert sorted(np.concatenate([region.faces for region in regions]).tolist()) == list(range(len(model.quads)))
    assert sorted(np.concatenate([region.triangles for region in regions]).tolist()) == list(range(len(model.triangles)))
    faces = faces_of(model)
    for region in regions:
        of_faces = {corner for face in region.faces.tolist() for corner in faces[face][0]}
        assert of_faces == set(model.triangles[region.triangles].ravel().tolist())
    teeth = model.mean[np.unique(model.triangles[regions[2].triangles])]
    lips = model.mean[model.landmarks[48:60]]
    assert teeth[:, 2].max() < lips[:, 2].max()
    assert lips[:, 0].min() < teeth[:, 0].mean() < lips[:, 0].max()


def test_a_model_without_regions_is_all_skin() -> None:
    model = toy_model()
    (skin,) = regions_of(model)
    assert (skin.name, len(skin.triangles)) == ("skin", len(model.triangles))
