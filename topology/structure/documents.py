"""Reading the documents that people write: YAML files, with errors that name the place in the file."""

from pathlib import Path
from typing import Any

import yaml

from topology import reasons
from topology.reasons import Refused


class _Loader(yaml.SafeLoader):
    """The safe loader, which by itself lets the last of two equal keys win without a word."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[str] = set()
    for key, _ in node.value:
        if key.value in seen:
            raise yaml.MarkedYAMLError(problem=f"the key {key.value} is there twice", problem_mark=key.start_mark)
        seen.add(key.value)
    return dict(loader.construct_mapping(node, deep=True))


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read_yaml(text: str, name: str = "The file") -> Any:
    """The parsed document of a YAML text. Raises Refused with the line that is wrong."""
    try:
        return yaml.load(text, Loader=_Loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        why = _where(error) if isinstance(error, yaml.MarkedYAMLError) else str(error).split("\n")[0]
        remedy = "See the example demo/acme.yaml."
        raise Refused(reasons.FILE_NOT_READABLE, file=name, why=why, remedy=remedy) from error


def _where(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return f"{place}{error.problem or error.context}"


def read_yaml_file(path: str | Path) -> Any:
    """The parsed document of a YAML file. Raises Refused when there is none or it cannot be read."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        remedy = "Check the path." if isinstance(error, OSError) else "Save it as UTF-8."
        raise Refused(reasons.FILE_NOT_READABLE, file=str(path), why=why, remedy=remedy) from error
    return read_yaml(text, str(path))
