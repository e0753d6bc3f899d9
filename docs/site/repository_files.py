"""For mkdocs: files of the repository that pages link to come along, so that the site is whole wherever it lies.

A link of a page that leaves ``docs/`` (a card of weights, a README of ``data/``, a script) leads to a copy below
``repository/``; Markdown becomes a page, and what that links to comes along, too. A link to what does not
exist is left as it is, and ``mkdocs build --strict`` stops there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"(\]\()([^()\s#]+)(#[^()\s]*)?(\))")
WHOLE = re.compile(r"\[([^\]]*)\]\(([^()\s#]+)\)")
COPIES = "repository"


def target_of(place: str, link: str) -> str | None:
    """Where a relative link of the file ``place`` leads, both from the root; None where to nothing of the repository."""
    if re.match(r"[a-z]+:|/", link):
        return None
    found = os.path.normpath(PurePosixPath(place).parent / link)
    if (ROOT / found).is_dir() and (ROOT / found / "README.md").is_file():
        found = f"{found}/README.md"
    return found.replace(os.sep, "/") if not found.startswith("..") and (ROOT / found).is_file() else None


def links_of(place: str) -> Iterator[str]:
    """What the Markdown file ``place`` links to, from the root."""
    for match in LINK.finditer((ROOT / place).read_text(encoding="utf-8")):
        if (found := target_of(place, match[2])) is not None:
            yield found


def outside() -> list[str]:
    """Files outside ``docs/`` that pages lead to, sooner or later, from the root."""
    waiting = [file.relative_to(ROOT).as_posix() for file in (ROOT / "docs").rglob("*.md")]
    seen = set(waiting)
    while waiting:
        for found in links_of(waiting.pop()):
            if found not in seen:
                seen.add(found)
                waiting += [found] if found.endswith(".md") else []
    return sorted(place for place in seen if not place.startswith("docs/"))


def site_place(place: str) -> str:
    """Where a file of the repository lies among the site's sources."""
    return place.removeprefix("docs/") if place.startswith("docs/") else f"{COPIES}/{place}"


def on_files(files: Any, config: Any) -> Any:
    """Add the copies."""
    from mkdocs.structure.files import File, InclusionLevel

    for place in outside():
        text = place.rpartition("/")[2]
        name = f"{COPIES}/{place}" if "." in text else f"{COPIES}/{place}.txt"  # LICENSE
        level = InclusionLevel.NOT_IN_NAV
        files.append(File.generated(config, name, abs_src_path=str(ROOT / place), inclusion=level))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Turn links to files of the repository into links to their copies."""
    place = page.file.src_uri
    here = place.removeprefix(f"{COPIES}/") if place.startswith(f"{COPIES}/") else f"docs/{place}"

    def turned(match: re.Match[str]) -> str:
        found = target_of(here, match[2])
        if found is None:
            return match[0]
        target = site_place(found) if "." in found.rpartition("/")[2] else f"{site_place(found)}.txt"
        return f"{match[1]}{os.path.relpath(target, PurePosixPath(place).parent)}{match[3] or ''}{match[4]}"

    def plain(match: re.Match[str]) -> str:
        folder = ROOT / PurePosixPath(here).parent / match[2]
        return match[1] if folder.is_dir() and not (folder / "README.md").is_file() else match[0]

    return LINK.sub(turned, WHOLE.sub(plain, markdown))


def on_page_content(html: str, **_: Any) -> str:
    """Docstrings name what they speak of in Sphinx's way; the name alone is left."""
    return re.sub(r":(?:class|func|mod|data|meth|attr):(?=<code>)", "", html)
