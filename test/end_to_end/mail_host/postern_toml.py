"""Writes postern.toml from nested dictionaries, which lay over each other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

Settings = Mapping[str, Any]


def overlaid(base: Settings, over: Settings) -> dict[str, Any]:
    """`base` with the values of `over` in place of its own; tables are merged, all else is replaced."""
    result = dict(base)
    for name, value in over.items():
        old = result.get(name)
        result[name] = overlaid(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return result


def toml_text(settings: Settings) -> str:
    """Sections of plain values; a list of tables becomes repeated [[section.name]] or [[section]]."""
    lines: list[str] = []
    for section, values in settings.items():
        if _is_tables(values):
            for table in values:
                lines.append(f"[[{section}]]")
                lines += [f"{key} = {_value(item)}" for key, item in table.items()]
            continue
        lines.append(f"[{section}]")
        lines += [f"{name} = {_value(value)}" for name, value in values.items() if not _is_tables(value)]
        for name, value in values.items():
            if _is_tables(value):
                for table in value:
                    lines.append(f"[[{section}.{name}]]")
                    lines += [f"{key} = {_value(item)}" for key, item in table.items()]
        lines.append("")
    return "\n".join(lines)


def _is_tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, Mapping) for item in value)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    return json.dumps(str(value), ensure_ascii=False)  # a TOML basic string is quoted as in JSON
