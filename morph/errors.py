"""What a user sees as a single line: mistakes that morph names itself, and errors of the machine and of other libraries."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator

ADVICE = {
    errno.ENOSPC: "make room on the disk",
    errno.EDQUOT: "make room, your share of the disk is used up",
    errno.EACCES: "check whom it belongs to, or choose another place",
    errno.EPERM: "check whom it belongs to, or choose another place",
    errno.EROFS: "choose another place, this one can only be read",
    errno.ENOENT: "check the name",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EMFILE: "allow more open files (ulimit -n)",
    errno.ENFILE: "close other programs, they hold too many files open",
    errno.EIO: "the disk, or the way to it, may be failing",
}
OUTSIDE = frozenset({"av", "cv2", "onnxruntime", "yaml", "zipfile", "zlib", "safetensors", "google", "OpenEXR", "trimesh"})


class MorphError(Exception):
    """Something the user can put right: a missing file, a wrong shape, an absent extra.

    The message is one line that says what is wrong and what to do next. It names parameters, as `` `frame=` ``, which the
    command line spells as its options (:func:`morph.console.as_options`). The command line prints it and exits with 2;
    :func:`outside_line` puts errors of the machine and of other libraries in the same way, and what is left is a fault of the
    program.
    """


@contextlib.contextmanager
def needs_extra(extra: str, purpose: str) -> Iterator[None]:
    """Within, a library that is not installed is one line that says which extra has it.

    Args:
        extra: of the package, as "train".
        purpose: what needs it, as "training".

    Raises:
        MorphError: a library could not be imported within.
    """
    try:
        yield
    except ImportError as error:
        missing = f"{purpose} needs the extra {extra} ({error.name} is missing)"
        raise MorphError(f"{missing}: pip install 'morph-face[{extra}]'") from None


@contextlib.contextmanager
def reading(path: str | os.PathLike[str], kind: str, advice: str) -> Iterator[None]:
    """Within, whatever a reader raises over an outside file is one line about that file.

    Readers of damaged files raise nearly anything: SciPy ``TypeError``, zlib an error of its own, NumPy ``SyntaxError``.

    Args:
        path: of the file that is read.
        kind: what it should be, with its article: "a morph model".
        advice: what to do next.

    Raises:
        MorphError: an error was raised within; one that is a MorphError already is left as it is.
    """
    try:
        yield
    except MorphError:
        raise
    except MemoryError as error:
        raise MorphError(f"{path} needs more memory than there is, or is damaged; {advice}") from error
    except OSError as error:
        if error.strerror and error.errno in ADVICE:
            raise MorphError(f"{path} cannot be read: {error.strerror}; {advice}") from error
        raise MorphError(f"{path} cannot be read: it is not {kind}, or damaged; {advice}") from error
    except Exception as error:
        raise MorphError(f"{path} cannot be read: it is not {kind}, or damaged; {advice}") from error


def outside_line(error: BaseException) -> str | None:
    """One line for an error of the machine or of another library; None for any other, which is a fault of the program.

    Args:
        error: as it was caught; a MorphError is its own line.
    """
    if isinstance(error, MorphError):
        return one_line(error)
    if isinstance(error, MemoryError):
        return "there is not enough memory; take smaller pictures, or close other programs"
    if isinstance(error, OSError) and error.errno is not None:
        about = "".join(f"{os.fsdecode(name)}: " for name in (error.filename,) if isinstance(name, (str, bytes, os.PathLike)))
        return f"{about}{error.strerror or one_line(error)}; {ADVICE.get(error.errno, 'try again')}"
    if isinstance(error, ImportError):
        return f"a library cannot be loaded ({one_line(error)}); install morph again"
    if isinstance(error, UnicodeEncodeError):
        return f"{error.object!a} cannot be written in {error.encoding}; set PYTHONUTF8=1 or a UTF-8 locale"
    library = type(error).__module__.split(".")[0]
    if library in OUTSIDE or isinstance(error, OSError):
        return f"{library if library in OUTSIDE else 'the system'} says: {one_line(error)}"
    return None


def one_line(error: BaseException) -> str:
    """What an error says, on one line; the name of its class where it says nothing."""
    return " ".join(part.strip() for part in str(error).splitlines() if part.strip()) or type(error).__name__
