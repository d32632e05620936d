"""How much each class is built upon: nobody can hold ten collaborators in mind at once."""

import dataclasses
import importlib
import inspect
import pkgutil
import types
import typing
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal

import flask_p2p_streams
from flask_p2p_streams.config import Config

MOST = 6
"""Collaborators of one class."""


ROOT = "flask_p2p_streams.app_state"
"""Where all of them meet, to be put together."""


def classes() -> Iterator[type]:
    """Return the classes of the package whose constructors are its own."""
    path, prefix = flask_p2p_streams.__path__, f"{flask_p2p_streams.__name__}."
    for module in pkgutil.walk_packages(path, prefix):
        for each in vars(importlib.import_module(module.name)).values():
            if inspect.isclass(each) and each.__module__ == module.name and _has_own(each):
                yield each


def collaborators(each: type) -> list[str]:
    """Return what a constructor is given beside data: text, numbers, flags, and records of them.

    The configuration counts, as whoever is given it may depend on all of it.
    """
    hints = typing.get_type_hints(vars(each)["__init__"])
    names = [name for name in inspect.signature(each).parameters if name in hints]
    return [name for name in names if hints[name] is Config or not is_data(hints[name])]


def is_data(hint: Any) -> bool:
    """Tell whether a type is text, a number, a flag or None, or made of nothing else."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal or hint in (str, bytes, int, float, bool, type(None)):
        return True
    if origin in (typing.Union, types.UnionType):
        return all(map(is_data, arguments))
    if inspect.isclass(origin) and issubclass(origin, (Collection, Mapping)):
        return all(is_data(argument) for argument in arguments if argument is not ...)
    return dataclasses.is_dataclass(hint) and all(
        map(is_data, typing.get_type_hints(hint).values())
    )


def _has_own(each: type) -> bool:
    is_protocol = getattr(each, "_is_protocol", False)
    return inspect.isfunction(vars(each).get("__init__")) and not is_protocol


def test_nobody_has_too_many_collaborators() -> None:
    held = {f"{each.__module__}.{each.__name__}": collaborators(each) for each in classes()}
    assert len(held) > 50
    assert not {
        name: names
        for name, names in held.items()
        if len(names) > MOST and not name.startswith(f"{ROOT}.")
    }


def test_what_counts() -> None:
    class Service:
        def __init__(self, name: str, config: Config, server: Any, terms: Mapping[str, float]):
            pass

    assert collaborators(Service) == ["config", "server"]
