import cv2
import numpy as np
from standins import sheet_model

from morph.export.textures.plain import EYEBALL, LIPS, SKIN, plain_texture, write_material
from morph.model import load_default_model


def at(texture: np.ndarray, uv: np.ndarray) -> np.ndarray:
    """Colours at texture coordinates."""
    size = len(texture)
    x, y = uv[:, 0] * size - 0.5, (1 - uv[:, 1]) * size - 0.5
    return texture[np.clip(np.rint(y), 0, size - 1).astype(int), np.clip(np.rint(x), 0, size - 1).astype(int)]


def test_anatomy_of_the_default_model_has_its_colours():
    model = load_default_model(0)
    texture = plain_texture(model, 1024)
    of_vertex = np.zeros((model.n_vertices, 2), np.float32)
    of_vertex[model.triangles] = model.uv[model.uv_triangles]
    mouth = at(texture, of_vertex[model.landmarks[[50, 52, 57]]]).astype(float)  # on the lips
    assert np.abs(mouth - LIPS).max() < 40
    forehead = model.mean[model.landmarks[27]] + [0, 35, 0]
    nearest = np.argmin(np.linalg.norm(model.mean - forehead, axis=1))
    assert np.abs(at(texture, of_vertex[[nearest]]).astype(float) - SKIN).max() < 12
    eye = np.unique(model.triangles[model.regions == model.region_names.index("left_eye")])
    sides = eye[np.argsort(model.mean[eye, 2])[: len(eye) // 2]]  # the back half is white
    assert np.median(np.abs(at(texture, of_vertex[sides]).astype(float) - EYEBALL).max(1)) < 30
    front = eye[[np.argmax(model.mean[eye, 2])]]
    assert at(texture, of_vertex[front]).max() < 120  # iris or pupil


def test_no_texel_is_left_black():
    assert (plain_texture(sheet_model(), 128).max(-1) > 100).all()


def test_material_files(tmp_path):
    write_material(tmp_path, plain_texture(sheet_model(), 64))
    assert "map_Kd texture.png" in (tmp_path / "head.mtl").read_text()
    assert cv2.imread(str(tmp_path / "texture.png")).shape == (64, 64, 3)
