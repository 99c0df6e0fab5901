"""What a configuration will be able to say, and cannot yet: refused by name, never accepted and then ignored.

Whoever builds one of these deletes its row here and adds the key to `shape.py`.  A row is a path, `*` any one part of it;
with a word behind a colon, it is one that the key does not take yet, or the beginning of one.
"""

from __future__ import annotations

from proxy.settings.problems import Path

NOT_YET = """
admin
"""

_ROWS = tuple(
    (tuple(path.split(".")), word) for path, _, word in (row.partition(": ") for row in NOT_YET.split("\n") if row)
)


def not_yet(path: Path, text: str | None = None) -> str:
    """What to say of a key, or of the text that it was given, where it is not supported yet; else nothing."""
    for pattern, word in _ROWS:
        if text is None and not word and _is_like(path, pattern):
            return f"{path[-1]} is not supported yet"
        if text is not None and word and text.startswith(word) and _is_like(path, pattern):
            return f"{text} is not supported yet"
    return ""


def _is_like(path: Path, pattern: tuple[str, ...]) -> bool:
    return len(path) == len(pattern) and all(want in ("*", part) for part, want in zip(path, pattern, strict=True))
