"""Interlaced pictures made whole: one moment a picture, by FFmpeg's bwdif filter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

FIELDS = "every second field; its pictures are interlaced, each is shown as it was at its first field"


def progressive(pictures: Iterator[Any], threads: int, leave_out: Callable[[str], None]) -> Iterator[Any]:
    """Decoded ``av.VideoFrame`` with those that are interlaced made progressive, as many as came and at their times.

    Pictures pass as they are until the first interlaced one, so that other clips pay nothing.

    Args:
        pictures: as they were decoded.
        threads: of the filter.
        leave_out: is told what is left out.
    """
    graph, shape, before, early = None, None, None, False
    for picture, after in _with_next(pictures):
        if graph is None and not picture.interlaced_frame:
            yield picture
            before = picture
            continue
        leave_out(FIELDS)
        if graph is None or shape != _shape(picture):
            yield from _drained(graph)
            graph, shape = _graph(picture, threads), _shape(picture)
            other = next((one for one in (before, after) if one is not None and _shape(one) == shape), None)
            early = other is not None
            if early:  # a first picture has nothing before it, and would be taken for one in which nothing moves
                graph.push(other)
        graph.push(picture)
        for done in _ready(graph):
            if early:
                early = False
                continue
            yield done
    yield from _drained(graph)


def _with_next(pictures: Iterator[Any]) -> Iterator[tuple[Any, Any]]:
    """Each picture, and the one after it; None after the last."""
    picture = next(pictures, None)
    while picture is not None:
        after = next(pictures, None)
        yield picture, after
        picture = after


def _shape(picture: Any) -> tuple[int, int, str]:
    return picture.width, picture.height, picture.format.name


def _graph(picture: Any, threads: int) -> Any:
    from av.filter import Graph

    graph = Graph()
    field_filter = graph.add("bwdif", f"mode=send_frame:deint=interlaced:threads={threads}")
    source = graph.add_buffer(width=picture.width, height=picture.height, format=picture.format, time_base=picture.time_base)
    graph.link_nodes(source, field_filter, graph.add("buffersink")).configure()
    return graph


def _ready(graph: Any) -> Iterator[Any]:
    import av

    while True:
        try:
            yield graph.pull()
        except (BlockingIOError, EOFError, av.FFmpegError):
            return


def _drained(graph: Any) -> Iterator[Any]:
    if graph is not None:
        graph.push(None)
        yield from _ready(graph)
