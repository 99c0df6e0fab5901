"""Whatever is in a file: Settings come out, or a ConfigError, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.settings import Loaded, read_expectation_of_refusal, read_settings
from proxy.settings.composites import keys_of
from proxy.settings.problems import ConfigError
from proxy.settings.shape import EndpointSetting, Settings, VpcSetting

SEEDS = [path.read_text() for path in sorted((Path(__file__).parents[1] / "conformance").rglob("*.yaml"))]
KEYS = [*keys_of(Settings), *keys_of(VpcSetting), *keys_of(EndpointSetting), "A", "ttl", "name"]
WORDS = st.sampled_from([*KEYS, "@", "10.0.0.0/8", "off", "~", "us-east-1"])
DATA = st.recursive(
    st.none() | st.booleans() | WORDS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.text(max_size=4), inner, max_size=4),
    max_leaves=15,
)
quickly = settings(max_examples=200)


def outcome(content: str | bytes) -> Loaded | ConfigError:
    read_expectation_of_refusal([("x", content)])
    try:
        loaded = read_settings([("x", content)])
    except ConfigError as error:
        for problem in error.problems:
            assert problem.mark.file == "x"
            assert problem.mark.line >= 1
            assert problem.mark.column >= 1
            assert str(problem).isprintable()
        return error
    assert loaded.mark(("vpcs", "app", 3)).file == "x"
    return loaded


@quickly
@given(st.text() | st.binary())
def test_any_text(content: str | bytes) -> None:
    outcome(content)


@quickly
@given(st.text(alphabet="abA:-?[]{}&*!|>'\"%#@,.~< \n\t\r\x00\ufeff\ud800é012", max_size=60))
def test_any_text_of_letters_that_mean_something(content: str) -> None:
    outcome(content)


@quickly
@given(DATA)
def test_any_data_in_flow_style(data: object) -> None:
    outcome(json.dumps(data))


@quickly
@given(st.sampled_from(SEEDS), st.data())
def test_a_good_file_with_something_wrong_in_it(seed: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(seed)))
    end = data.draw(st.integers(start, min(len(seed), start + 30)))
    put = data.draw(st.sampled_from(SEEDS).map(lambda text: text[40:60]) | st.text(max_size=5) | WORDS)
    outcome(seed[:start] + put + seed[end:])
