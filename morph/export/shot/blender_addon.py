"""Imports tracks in Blender: *File > Import > morph track*. The ``__init__.py`` of the extension; nothing of morph is imported.

It takes a ``.shot`` of ``morph export``, or a folder of ``morph track``, for which it runs morph.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

CLASSES: list[Any] = []
LABEL = "morph track (folder or .shot)"


def shot_of(chosen: str, program: str, over: str, prop: str, into: str) -> str:
    """The ``.shot`` that was chosen, or one that morph makes of the track that was.

    Args:
        chosen: file or folder.
        program: morph's, by name or path.
        over: footage of the track, or "".
        prop: that the head wears, or "".
        into: folder for what is made.

    Raises:
        RuntimeError: it is neither, or morph could not be run; one line that says what to do.
    """
    path = Path(chosen)
    if path.suffix.lower() == ".shot":
        return str(path)
    folder = path if path.is_dir() else path.parent
    if not (folder / "coefficients.npz").is_file():
        raise RuntimeError(f"{folder} is no folder of `morph track`, and no .shot was chosen")
    found = shutil.which(program)
    if found is None:
        raise RuntimeError(f"no program {program}: say where morph is in the extension's preferences, or import a .shot of it")
    out = os.path.join(into, "head.shot")
    wanted = [["--over", over] if over else [], ["--prop", prop] if prop else []]
    command = [found, "export", str(folder), "--out", out, *(word for words in wanted for word in words)]
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PYTHONEXECUTABLE")}
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", env=environment)
    if done.returncode or not os.path.isfile(out):
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise RuntimeError(f"morph could not export the track: {lines[-1].strip() if lines else 'it said nothing'}")
    return out


def register() -> None:
    """Blender calls it: add the operator, its menu entry and the preferences."""
    import bpy

    CLASSES[:] = [_preferences(bpy), _operator(bpy)]
    for one in CLASSES:
        bpy.utils.register_class(one)
    bpy.types.TOPBAR_MT_file_import.append(_entry)


def unregister() -> None:
    """Blender calls it: take all away again."""
    import bpy

    bpy.types.TOPBAR_MT_file_import.remove(_entry)
    while CLASSES:
        bpy.utils.unregister_class(CLASSES.pop())


def _entry(menu: Any, _context: Any) -> None:
    menu.layout.operator("import_scene.morph_track", text=LABEL)


def _preferences(bpy: Any) -> Any:
    def draw(self: Any, _context: Any) -> None:
        self.layout.prop(self, "program")

    program = bpy.props.StringProperty(
        name="morph",
        subtype="FILE_PATH",
        default="morph",
        description="The program, which turns track folders into scenes",
    )
    parts = {"bl_idname": __package__ or __name__, "__annotations__": {"program": program}, "draw": draw}
    return type("MorphTrackPreferences", (bpy.types.AddonPreferences,), parts)


def _operator(bpy: Any) -> Any:
    def execute(self: Any, context: Any) -> set[str]:
        from .blender_scene import build

        known = context.preferences.addons.get(__package__ or __name__)
        program = known.preferences.program if known and known.preferences else "morph"
        with tempfile.TemporaryDirectory() as folder:
            try:
                shot = shot_of(self.filepath, program, self.over, self.prop, folder)
            except RuntimeError as error:
                self.report({"ERROR"}, str(error))
                return {"CANCELLED"}
            scene = bpy.data.scenes.new("shot")
            build(scene, shot)
        if context.window is not None:
            context.window.scene = scene
        return {"FINISHED"}

    def invoke(self: Any, context: Any, _event: Any) -> set[str]:
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    text = bpy.props.StringProperty
    fields = {
        "filepath": text(subtype="FILE_PATH"),
        "over": text(name="Footage", description="Clip behind the head, which also gives its texture", subtype="FILE_PATH"),
        "prop": text(name="Prop", description="What the head wears: glasses, dog, hat, or the folder of a prop"),
        "filter_glob": text(default="*.shot;coefficients.npz", options={"HIDDEN"}),
    }
    parts = {
        "__doc__": "Import a track of morph as a scene of its own: camera, footage, head with shape keys",
        "bl_idname": "import_scene.morph_track",
        "bl_label": "Import morph track",
        "bl_options": {"REGISTER", "UNDO"},
        "__annotations__": fields,
        "execute": execute,
        "invoke": invoke,
    }
    return type("MorphTrackImport", (bpy.types.Operator,), parts)
