"""The one exception that a user sees as a single line."""

from __future__ import annotations


class MorphError(Exception):
    """Something the user can put right: a missing file, a wrong shape, an absent extra.

    The message is one line that says what is wrong and what to do next. The command line prints it and exits with 2;
    any other exception is a fault of the program and keeps its traceback.
    """
