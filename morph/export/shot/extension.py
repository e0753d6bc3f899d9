"""The extension for Blender 4.2 and later that imports tracks: a zip with its manifest, two scripts and the licence."""

from __future__ import annotations

import os
import re
import zipfile
from pathlib import Path

from morph import __version__
from morph.atomic import atomic_path
from morph.errors import MorphError
from morph.marks import MARK

HERE = Path(__file__).parent
SCRIPTS = {"__init__.py": "blender_addon.py", "blender_scene.py": "blender_scene.py"}  # in the zip, and here
MANIFEST = """\
# {mark}
schema_version = "1.0.0"
id = "morph_track"
version = "{version}"
name = "morph track"
tagline = "Import a tracked face with its camera, footage and 52 shape keys"
maintainer = "The authors of morph"
type = "add-on"
tags = ["Import-Export", "Animation"]
blender_version_min = "4.2.0"
license = ["SPDX:Apache-2.0"]
copyright = ["2026 The authors of morph"]

[permissions]
files = "Read tracks and footage, and run the program morph"
"""
LICENCE = """\
Licensed under the Apache License, Version 2.0 (SPDX: Apache-2.0), which may be combined with what is under the GNU General
Public License 3, as Blender is: you may not use these files except in compliance with the License, of which a copy is at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software distributed under the License is distributed on an "AS
IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the License for the specific language
governing permissions and limitations under the License.
"""
WHEN = (2026, 1, 1, 0, 0, 0)  # of all entries: the same morph makes the same bytes


def write_extension(path: str | os.PathLike[str]) -> None:
    """Write the zip that Blender's *Install from Disk* takes.

    Args:
        path: of the file, ending in ``.zip``.

    Raises:
        MorphError: another suffix, or the folder cannot be written.
    """
    if Path(path).suffix.lower() != ".zip":
        raise MorphError(f"Blender takes extensions as .zip, not {Path(path).name}; let `out=` end in .zip")
    version = ".".join([*re.findall(r"\d+", __version__), "0", "0"][:3])
    files = {"blender_manifest.toml": MANIFEST.format(mark=MARK, version=version), "LICENSE": LICENCE}
    files |= {name: (HERE / script).read_text(encoding="utf-8") for name, script in SCRIPTS.items()}
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, WHEN), text, zipfile.ZIP_DEFLATED)
