"""From the texts of a configuration to its `Settings`, or to everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from proxy.nouns import dataclass
from proxy.settings.expect import REFUSAL
from proxy.settings.marks import Marks
from proxy.settings.problems import MAX_PROBLEMS, ConfigError, ConfigProblem, Mark, Path, shortened
from proxy.settings.reader import Data, decode, read_yaml
from proxy.settings.shape import SETTINGS, RefusalExpected, Settings
from proxy.settings.takes import Found, Place, Takes, TooManyError, kind_of

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
    loaded, problems = read_sound_part(texts)
    if problems or loaded is None:
        raise ConfigError(problems)
    return loaded


def read_sound_part(texts: Texts) -> tuple[Loaded | None, list[ConfigProblem]]:
    """As `read_settings`, but what is wrong is left out and told, so that the rest can be looked at as well.

    None where too much is wrong for that; ConfigError where a text is no YAML.
    """
    decoded, documents = _read(texts)
    marks = Marks(decoded)
    merged = _merged(documents)
    settings, found = _check(SETTINGS, merged)
    problems = [*islice(_twice(decoded, documents), MAX_PROBLEMS)]
    problems += [ConfigProblem(marks.mark(path), path, what, hint) for path, what, hint in found]
    while found and len(found) < MAX_PROBLEMS and sum(_leave_out(merged, path) for path, _, _ in found):
        settings, found = _check(SETTINGS, merged)  # what was left out may now be missing from what it was a part of
    return None if found else Loaded(settings, tuple(name for name, _ in decoded), marks), problems


def read_expectation_of_refusal(texts: Texts) -> RefusalExpected | None:
    """What a broken configuration's `expect` says about its refusal, as far as that can be read; never an error."""
    try:
        _, documents = _read(texts)
    except ConfigError:
        return None
    for document in documents:
        if isinstance(document.get("expect"), dict):
            expected, found = _check(REFUSAL, document["expect"])
            return None if found else expected
    return None


def _leave_out(data: Data, path: Path) -> bool:
    """Take the innermost key on the way to `path` out of `data`, if any; items stay, or the paths of others would change."""
    key: tuple[dict[str, Data], str] | None = None
    for part in path:
        if isinstance(data, dict) and isinstance(part, str) and part in data:
            key, data = (data, part), data[part]
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        else:
            break
    if key is not None:
        del key[0][key[1]]
    return key is not None


def _check(takes: Takes, data: Data) -> tuple[Any, list[Found]]:
    """The value of data, and what is wrong with them."""
    found: list[Found] = []
    try:
        return takes.check(data, Place((), found)), found
    except TooManyError:
        return None, [*found, Found(found[-1].path, f"after {MAX_PROBLEMS:,} problems the rest was not looked at", "")]


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
    what = shortened(f"a configuration is a mapping, not {kind_of(data)}")
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


def _twice(texts: Sequence[tuple[str, str]], documents: Sequence[dict[str, Data]]) -> Iterator[ConfigProblem]:
    """What stands in more than one of the files and cannot be put together."""
    marks = [Marks([text]) for text in texts]
    firsts: dict[Path, int] = {}
    for index, document in enumerate(documents):
        for path in _claims(document, documents):
            first = firsts.setdefault(path, index)
            if first != index:
                what = f"{path[-1]} stands in {marks[first].mark(path)}, too"
                yield ConfigProblem(marks[index].mark(path), path, what, "keep one of the two")


def _claims(document: dict[str, Data], documents: Sequence[dict[str, Data]]) -> Iterator[Path]:
    """The paths that a file wants for itself: the keys of top-level mappings, and what else is no top-level list."""
    for key, value in document.items():
        kinds = {type(other.get(key)) for other in documents} - {type(None)}
        if kinds == {dict}:
            yield from ((key, inner) for inner in value or ())
        elif kinds != {list} and value is not None:
            yield (key,)
