"""How a verb spells the parameters that messages of the library name, see :func:`morph.console.as_options`."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

OTHERWISE = {  # parameters whose option has another name, where the verb has such an option
    "kind": "format",
    "person": "id",
    "smoothing": "smooth",
    "workers": "processes",
}


def option_names(parser: argparse.ArgumentParser, options: argparse.Namespace) -> Mapping[str, str]:
    """The option of each parameter that a verb has.

    Args:
        parser: of the verb; below it, the one of the action or benchmark that was chosen.
        options: as they were parsed.

    Returns:
        Parameter to option, as ``{"max_bad": "--max-bad", "person": "--id"}``.
    """
    names: dict[str, str] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            names |= option_names(action.choices[getattr(options, action.dest)], options)
        elif spelled := [word for word in action.option_strings if word.startswith("--")]:
            names.setdefault(action.dest, spelled[0])
    return names | {parameter: names[other] for parameter, other in OTHERWISE.items() if other in names}
