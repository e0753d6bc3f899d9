"""Alembic: one mesh whose vertices move, with texture coordinates, the camera and the clip's time stamps."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from morph.atomic import atomic_path, reserve
from morph.errors import MorphError
from morph.export.head_mesh import faces_of
from morph.export.linked_files import path_for_cpp
from morph.export.performance import Performance
from morph.export.shot.shot import FAR, FILM, NEAR, Shot, shot_of
from morph.load_alembic import load_alembic
from morph.marks import MARK

SPARE, SPARE_EACH = 1 << 16, 1 << 10  # bytes of an archive, and of each sample, beside their numbers
EVEN = 1e-4  # seconds that steps may differ and still count as one


def write_alembic(path: str | os.PathLike[str], performance: Performance, static_head: bool = False) -> None:
    """Write vertices in millimetres as an Ogawa archive; every frame from the first to the last has one sample.

    Where the face was lost its vertices glide to where it comes back. Times are those of the clip: samples of even steps are
    stored as such, others one by one. ``/camera/footage`` is the perspective camera of the footage.

    Args:
        path: of the file.
        performance: one person of a track.
        static_head: the head stands still at the origin and the camera moves.

    Raises:
        MorphError: alembic3d is not installed, or the folder cannot be written.
    """
    try:
        alembic = load_alembic()
        import imath
    except ModuleNotFoundError:
        raise MorphError("Alembic needs alembic3d; install it with: pip install 'morph-face[alembic]'") from None
    Abc, AbcCoreAbstract, AbcGeom = alembic.Abc, alembic.AbcCoreAbstract, alembic.AbcGeom
    motion = performance.every_frame()
    shot = shot_of(motion, static_head)
    motion = shot.standing(motion)
    faces = faces_of(motion.model)
    counts = [len(face) for face, _ in faces]
    corners = [corner for face, _ in faces for corner in reversed(face)]  # Alembic goes round a face clockwise
    places = [place for _, chart in faces for place in reversed(chart)]
    stored = 3 * motion.model.n_vertices * len(motion) + len(corners) + len(counts)
    stored += 4 * len(places) + 2 * motion.model.uv.size
    with atomic_path(path) as temporary, path_for_cpp(temporary) as place:
        reserve(place, 4 * stored + SPARE + SPARE_EACH * len(motion))  # without room Alembic ends the program
        archive = Abc.OArchive(str(place))
        sampling = AbcCoreAbstract.TimeSampling(*_steps(AbcCoreAbstract, motion.time))
        about = AbcCoreAbstract.MetaData()
        about.set("generator", MARK)
        mesh = AbcGeom.OPolyMesh(archive.getTop(), "head", Abc.Argument(about)).getSchema()
        mesh.setTimeSampling(sampling)
        for row in range(len(motion)):
            points = imath.V3fArrayFromBuffer(np.ascontiguousarray(motion.vertices(row), np.float32))
            if row:
                sample = AbcGeom.OPolyMeshSchemaSample()
                sample.setPositions(points)
                mesh.set(sample)
                continue
            indices = [imath.IntArrayFromBuffer(np.array(values, np.int32)) for values in (corners, counts)]
            extra: list[Any] = []
            if places:
                uv = imath.V2fArrayFromBuffer(np.ascontiguousarray(motion.model.uv, np.float32))
                index = imath.UnsignedIntArray(imath.DoubleArrayFromBuffer(np.array(places, np.float64)))
                extra = [AbcGeom.OV2fGeomParamSample(uv, index, AbcGeom.GeometryScope.kFacevaryingScope)]
            mesh.set(AbcGeom.OPolyMeshSchemaSample(points, *indices, *extra))
        _add_camera(archive, AbcCoreAbstract.TimeSampling(*_steps(AbcCoreAbstract, motion.time)), shot)
        del mesh, archive  # which closes the file


def _add_camera(archive: Any, sampling: Any, shot: Shot) -> None:
    """``/camera`` stands where the camera does, ``footage`` below it is its lens: millimetres, apertures in centimetres."""
    import imath

    AbcGeom = load_alembic().AbcGeom
    place = AbcGeom.OXform(archive.getTop(), "camera")
    lens = AbcGeom.OCamera(place, "footage")
    place.getSchema().setTimeSampling(sampling)
    lens.getSchema().setTimeSampling(sampling)
    film = FILM / max(shot.size)  # millimetres of a pixel
    aside = -shot.offset * film / 10
    for row, focal in enumerate(shot.focal.tolist()):
        matrix = np.eye(4)
        matrix[:3, :3], matrix[3, :3] = shot.camera.rotation[row].T, shot.camera.translation[row]  # rows, as Imath has them
        stand = AbcGeom.XformSample()
        stand.setMatrix(imath.M44d(*matrix.ravel().tolist()))
        place.getSchema().set(stand)
        seen = AbcGeom.CameraSample()
        seen.setFocalLength(focal * film)
        seen.setHorizontalAperture(film * shot.size[0] / 10)
        seen.setVerticalAperture(film * shot.size[1] / 10)
        seen.setHorizontalFilmOffset(float(aside[0]))
        seen.setVerticalFilmOffset(float(aside[1]))
        seen.setNearClippingPlane(NEAR)
        seen.setFarClippingPlane(FAR)
        lens.getSchema().set(seen)


def _steps(core: Any, time: np.ndarray[Any, np.dtype[np.float64]]) -> tuple[Any, ...]:
    """What a TimeSampling is made of."""
    steps = np.diff(time)
    if not len(steps) or np.ptp(steps) < EVEN:
        return (float(steps.mean()) if len(steps) else 1.0, float(time[0]))
    vector = core.TimeVector()
    for seconds in time:
        vector.append(float(seconds))
    return core.TimeSamplingType(core.AcyclicFlag.kAcyclic), vector
