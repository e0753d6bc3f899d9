"""GLB, read back by the Khronos validator, three.js and trimesh."""

from __future__ import annotations

import dataclasses
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from toy import toy_model

from morph.export import plain_texture
from morph.export.gltf.glb import write_glb
from morph.export.head_mesh import split_at_seams
from morph.export.performance import Performance
from morph.export.shot.regions import regions_of
from morph.export.shot.shot import shot_of
from morph.model import MorphableModel, load_default_model
from morph.track_folder.people import performance_of_track
from morph.track_folder.read import load_track

VALIDATE = """
import fs from 'fs';
import validator from 'gltf-validator';
const report = await validator.validateBytes(new Uint8Array(fs.readFileSync(process.argv[2])));
console.log(JSON.stringify(report));
"""
READ = """
import fs from 'fs';
import * as THREE from 'three';
import { GLTFLoader } from 'three/addons/loaders/GLTFLoader.js';
globalThis.self = globalThis;
const [file, out, times] = process.argv.slice(2);
const data = fs.readFileSync(file);
const loader = new GLTFLoader();
loader.register(() => ({ name: 'no pictures', loadTexture: () => Promise.resolve(new THREE.Texture()) }));
const gltf = await loader.parseAsync(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength), '');
const mesh = gltf.scene.getObjectByProperty('isMesh', true);
const mixer = new THREE.AnimationMixer(gltf.scene);
gltf.animations.forEach(clip => mixer.clipAction(clip).play());
const count = mesh.geometry.attributes.position.count;
const all = new Float32Array(JSON.parse(times).length * count * 3);
const point = new THREE.Vector3();
JSON.parse(times).forEach((time, row) => {
  mixer.setTime(time);
  gltf.scene.updateMatrixWorld(true);
  for (let i = 0; i < count; i++) {
    mesh.getVertexPosition(i, point).applyMatrix4(mesh.matrixWorld).toArray(all, 3 * (row * count + i));
  }
});
fs.writeFileSync(out, Buffer.from(all.buffer));
console.log(JSON.stringify({ names: Object.keys(mesh.morphTargetDictionary), uv: mesh.geometry.attributes.uv.count,
  normals: mesh.geometry.morphAttributes.normal.length, end: gltf.animations.map(clip => clip.duration) }));
"""
RunNode = Callable[..., str]


def _document(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    return json.loads(data[20 : 20 + struct.unpack_from("<I", data, 12)[0]])


def _accessor(path: Path, index: int) -> np.ndarray:
    """The float vectors of an accessor, sparse ones over zeros; as the specification lays them out."""
    document, data = _document(path), path.read_bytes()
    binary = data[20 + struct.unpack_from("<I", data, 12)[0] + 8 :]
    one = document["accessors"][index]

    def view(part: dict[str, Any], kind: Any, count: int) -> np.ndarray:
        start = document["bufferViews"][part["bufferView"]].get("byteOffset", 0) + part.get("byteOffset", 0)
        return np.frombuffer(binary, kind, count, start)

    width = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}[one["type"]]
    shape = one["count"], width
    out = view(one, "<f4", one["count"] * width).reshape(shape) if "bufferView" in one else np.zeros(shape, np.float32)
    if "sparse" in one:
        sparse, out = one["sparse"], out.copy()
        kind = {5121: "<u1", 5123: "<u2", 5125: "<u4"}[sparse["indices"]["componentType"]]
        rows = view(sparse["indices"], kind, sparse["count"])
        out[rows] = view(sparse["values"], "<f4", sparse["count"] * width).reshape(-1, width)
    return out


def _shown(path: Path) -> np.ndarray:
    """``(T, V, 3)`` metres: base and targets by the animated weights, before the head's motion."""
    document = _document(path)
    primitive = document["meshes"][0]["primitives"][0]
    base = _accessor(path, primitive["attributes"]["POSITION"])
    targets = np.stack([_accessor(path, target["POSITION"]) for target in primitive["targets"]])
    animation = document["animations"][0]
    channel = next(one for one in animation["channels"] if one["target"]["path"] == "weights")
    weights = _accessor(path, animation["samplers"][channel["sampler"]]["output"]).reshape(-1, len(targets))
    return base + np.tensordot(weights, targets, 1)


def test_a_resting_face_moves_no_vertex(performance: Performance, rested: Performance, tmp_path: Path) -> None:
    shown = []
    for name, one in (("plain", performance), ("rested", rested)):
        write_glb(tmp_path / f"{name}.glb", one, plain_texture(one.model, 16))
        shown.append(_shown(tmp_path / f"{name}.glb"))
    origin = split_at_seams(performance.model)[0]
    for row in range(len(performance)):
        assert np.abs(1000 * shown[0][row] - performance.neutral_vertices(row)[origin]).max() < 0.01
    assert np.abs(shown[0] - shown[1]).max() < 1e-5  # a hundredth of a millimetre
    assert np.abs(performance.base - rested.base).max() > 1


def test_eyeballs_turn_with_the_gaze(performance: Performance, tmp_path: Path) -> None:
    model, weights = performance.model, np.zeros_like(performance.weights)
    for name, row in (("eyeLookOutLeft", 1), ("eyeLookInRight", 1), ("eyeLookDownLeft", 2), ("eyeLookDownRight", 2)):
        weights[row, model.expression_names.index(name)] = 1.0
    write_glb(tmp_path / "head.glb", dataclasses.replace(performance, weights=weights), plain_texture(model, 16))
    shown, origin = _shown(tmp_path / "head.glb"), split_at_seams(model)[0]
    for eye in ("left_eye", "right_eye"):
        rows = np.isin(origin, np.unique(model.triangles[model.regions == model.region_names.index(eye)]))
        ball = shown[:, rows] - shown[:, rows].mean(1, keepdims=True)
        turns = [np.degrees(Rotation.align_vectors(ball[row], ball[0])[0].as_rotvec()) for row in (1, 2)]
        assert np.array(turns) == pytest.approx(np.array([[0, 30, 0], [30, 0, 0]]), abs=1.0)


def _check_valid(run_node: RunNode, path: Path) -> dict[str, Any]:
    report = json.loads(run_node(["gltf-validator"], VALIDATE, path))
    issues = report["issues"]
    assert (issues["numErrors"], issues["numWarnings"]) == (0, 0), issues["messages"]
    return report["info"]


def test_khronos_validator_finds_nothing(performance: Performance, run_node: RunNode, tmp_path: Path) -> None:
    write_glb(tmp_path / "head.glb", performance, plain_texture(performance.model, 64))
    info = _check_valid(run_node, tmp_path / "head.glb")
    assert (info["animationCount"], info["hasMorphTargets"], info["hasTextures"]) == (1, True, True)
    assert info["totalTriangleCount"] == len(performance.model.triangles)


def test_default_level_is_small_and_valid(write_track: Callable[..., Path], run_node: RunNode, tmp_path: Path) -> None:
    """16 thousand vertices, 52 expressions with normals and the texture of 1024 pixels: under 8 MB."""
    model = load_default_model(1)
    write_glb(tmp_path / "head.glb", performance_of_track(load_track(write_track()), model), plain_texture(model))
    assert (tmp_path / "head.glb").stat().st_size < 8e6
    _check_valid(run_node, tmp_path / "head.glb")


def test_three_js_plays_what_was_tracked(performance: Performance, run_node: RunNode, tmp_path: Path) -> None:
    """Morph targets, weights and pose at every time stamp to 0.01 mm."""
    write_glb(tmp_path / "head.glb", performance, plain_texture(performance.model, 64))
    times = json.dumps(performance.time.tolist())
    said = json.loads(run_node(["three"], READ, tmp_path / "head.glb", tmp_path / "points", times))
    origin, uv, _ = split_at_seams(performance.model)
    assert said["names"] == list(performance.model.expression_names)
    assert (said["uv"], said["normals"]) == (len(uv), 52)
    assert said["end"] == [pytest.approx(9 / 30)]
    points = np.fromfile(tmp_path / "points", np.float32).reshape(len(performance), -1, 3) * 1000
    for row in range(len(performance)):
        assert np.abs(points[row] - shot_of(performance).standing(performance).vertices(row)[origin]).max() < 0.01


def test_single_frame_is_posed_without_animation(
    write_track: Callable[..., Path], coarse: MorphableModel, run_node: RunNode, tmp_path: Path
) -> None:
    performance = performance_of_track(load_track(write_track()), coarse, 0)
    write_glb(tmp_path / "head.glb", performance, plain_texture(coarse, 64))
    assert "animations" not in _document(tmp_path / "head.glb")
    _check_valid(run_node, tmp_path / "head.glb")
    run_node(["three"], READ, tmp_path / "head.glb", tmp_path / "points", "[0]")
    points = np.fromfile(tmp_path / "points", np.float32).reshape(-1, 3) * 1000
    assert np.abs(points - shot_of(performance).standing(performance).vertices(0)[split_at_seams(coarse)[0]]).max() < 0.01


def test_trimesh_reads_the_persons_own_head(performance: Performance, tmp_path: Path) -> None:
    """Base mesh in metres, texture upright, head node in its first pose."""
    trimesh = pytest.importorskip("trimesh")
    texture = plain_texture(performance.model, 64)
    write_glb(tmp_path / "head.glb", performance, texture)
    scene = trimesh.load(tmp_path / "head.glb", process=False)
    origin, uv, triangles = split_at_seams(performance.model)
    regions = regions_of(performance.model)
    assert [mesh.visual.material.name for mesh in scene.geometry.values()] == [region.name for region in regions]
    for mesh, region in zip(scene.geometry.values(), regions, strict=True):
        corners = triangles[region.triangles]
        assert np.abs(mesh.vertices[mesh.faces] * 1000 - performance.base[origin][corners]).max() < 0.01
        np.testing.assert_allclose(mesh.visual.uv[mesh.faces], uv[corners], atol=1e-6)  # trimesh counts v upwards
        np.testing.assert_array_equal(np.asarray(mesh.visual.material.baseColorTexture.convert("RGB")), texture)
    head, pose = shot_of(performance).head, scene.graph.get("head")[0]
    np.testing.assert_allclose(pose[:3, :3], head.rotation[0], atol=1e-6)
    np.testing.assert_allclose(pose[:3, 3] * 1000, head.translation[0], atol=1e-3)


def test_extras_hold_names_and_camera(performance: Performance, tmp_path: Path) -> None:
    write_glb(tmp_path / "head.glb", performance, plain_texture(performance.model, 64))
    document = _document(tmp_path / "head.glb")
    assert document["meshes"][0]["extras"]["targetNames"] == list(performance.model.expression_names)
    assert document["meshes"][0]["extras"]["landmarks"] != list(range(68))
    shot = shot_of(performance)
    assert document["asset"]["extras"]["camera"] == shot.numbers(performance)
    lens = document["cameras"][0]["perspective"]
    assert np.tan(lens["yfov"] / 2) == pytest.approx(120 / shot.focal[0])
    assert lens["aspectRatio"] == pytest.approx(320 / 240)


def test_model_without_texture_coordinates_and_with_an_idle_expression(run_node: RunNode, tmp_path: Path) -> None:
    import dataclasses

    model = toy_model()
    basis = model.expression_basis.copy()
    basis[..., 1] = 0
    model = dataclasses.replace(model, expression_basis=basis, identity="")
    one = np.ones(2)
    performance = Performance(
        *(model, 0, np.arange(2), np.arange(2) / 25, np.zeros(4), np.zeros((2, 3))),
        *(np.tile(np.eye(3), (2, 1, 1)), np.zeros((2, 3)), one, (64, 64)),
    )
    write_glb(tmp_path / "toy.glb", performance, plain_texture(model, 16))
    _check_valid(run_node, tmp_path / "toy.glb")
