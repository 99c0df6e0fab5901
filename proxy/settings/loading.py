"""From the texts of a configuration to its `Settings`, or to everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from proxy.settings.expect import REFUSAL
from proxy.settings.marks import Marks
from proxy.settings.problems import ConfigError, ConfigProblem, Mark, Path
from proxy.settings.reader import Data, decode, read_yaml
from proxy.settings.shape import SETTINGS, RefusalExpected, Settings
from proxy.settings.takes import Found, Place, kind_of

Texts = Sequence[tuple[str, str | bytes]]


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, and where each of them stands in which of the files `names`."""

    settings: Settings
    names: tuple[str, ...]
    marks: Marks

    def mark(self, path: Path) -> Mark:
        """The mark of what stands at `path`, or of the last part of it that is there."""
        return self.marks.mark(path)


def read_settings(texts: Texts) -> Loaded:
    """The settings of one text, or of several as if they were one; ConfigError with all that is wrong.

    Top-level mappings of several texts are merged, top-level lists appended; what is given twice is a problem.
    """
    decoded, documents = _read(texts)
    marks = Marks(decoded)
    found: list[Found] = []
    problems = _twice(decoded, documents)
    settings = SETTINGS.check(_merged(documents), Place((), found))
    problems += [ConfigProblem(marks.mark(path), path, what, hint) for path, what, hint in found]
    if problems:
        raise ConfigError(problems)
    return Loaded(settings, tuple(name for name, _ in decoded), marks)


def read_expectation_of_refusal(texts: Texts) -> RefusalExpected | None:
    """What a broken configuration's `expect` says about its refusal, as far as that can be read; never an error."""
    try:
        _, documents = _read(texts)
    except ConfigError:
        return None
    found: list[Found] = []
    for document in documents:
        if isinstance(document.get("expect"), dict):
            expected: RefusalExpected = REFUSAL.check(document["expect"], Place((), found))
            return None if found else expected
    return None


def _read(texts: Texts) -> tuple[list[tuple[str, str]], list[dict[str, Data]]]:
    """The texts, decoded, and their mappings; ConfigError with what is wrong in each of them."""
    decoded, documents = [], []
    problems: list[ConfigProblem] = []
    for name, content in texts:
        try:
            text = decode(name, content)
            decoded.append((name, text))
            documents.append(_mapping(name, read_yaml(name, text)))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return decoded, documents


def _mapping(name: str, data: Data) -> dict[str, Data]:
    if data is None:
        return {}
    if isinstance(data, dict):
        return data
    what = f"a configuration is a mapping, not {kind_of(data)}"
    raise ConfigError([ConfigProblem(Mark(name, 1, 1), (), what, "write for example region: us-east-1")])


def _merged(documents: Sequence[dict[str, Data]]) -> dict[str, Data]:
    merged: dict[str, Data] = {}
    for document in documents:
        for key, value in document.items():
            known = merged.get(key)
            if isinstance(known, dict) and isinstance(value, dict):
                merged[key] = known | value
            elif isinstance(known, list) and isinstance(value, list):
                merged[key] = known + value
            elif value is not None or key not in merged:
                merged[key] = value
    return merged


def _twice(texts: Sequence[tuple[str, str]], documents: Sequence[dict[str, Data]]) -> list[ConfigProblem]:
    """What stands in more than one of the files and cannot be put together."""
    problems = []
    firsts: dict[Path, int] = {}
    for index, document in enumerate(documents):
        for path in _claims(document, documents):
            first = firsts.setdefault(path, index)
            if first != index:
                here, there = (Marks([texts[at]]).mark(path) for at in (index, first))
                problems.append(ConfigProblem(here, path, f"{path[-1]} stands in {there}, too", "keep one of the two"))
    return problems


def _claims(document: dict[str, Data], documents: Sequence[dict[str, Data]]) -> list[Path]:
    """The paths that a file wants for itself: keys of top-level mappings, and other keys of the top but lists."""
    paths: list[Path] = []
    for key, value in document.items():
        kinds = {type(other.get(key)) for other in documents} - {type(None)}
        if kinds == {dict}:
            paths += [(key, inner) for inner in value or ()]
        elif kinds != {list} and value is not None:
            paths.append((key,))
    return paths
