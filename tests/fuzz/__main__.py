"""`python -m tests.fuzz`: a target with atheris for some time, or with the inputs of files.

python -m tests.fuzz replies --seconds 60
python -m tests.fuzz replies tests/fuzz/findings/replies-crash-…
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

_MEGABYTES = 1500
_HANGS_AFTER = 60


def main() -> None:
    """Fuzz, or run what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", choices=["packets", "replies", "texts"])
    parser.add_argument("files", nargs="*", type=Path, help="inputs to run, instead of fuzzing")
    parser.add_argument("--seconds", type=int, default=60, help="how long to fuzz")
    parser.add_argument("--hangs-after", type=int, default=_HANGS_AFTER, help="seconds after which one input is given up")
    arguments = parser.parse_args()
    if arguments.files:
        _run(arguments.target, arguments.files)
    else:
        _fuzz(arguments.target, arguments.seconds, arguments.hangs_after)


def _run(name: str, files: list[Path]) -> None:
    from tests.fuzz.corpus import TARGETS

    for file in files:
        TARGETS[name].attempt(file.read_bytes())
        sys.stderr.write(f"{file}: nothing found\n")


def _fuzz(name: str, seconds: int, hangs_after: int) -> None:
    """Never returns: atheris ends the process, with 0 or with what it found.  What it learned is begun with the next time."""
    import atheris

    with atheris.instrument_imports(include=["proxy"]):
        from tests.fuzz.corpus import FINDINGS, TARGETS, seeds
    target = TARGETS[name]
    corpus = FINDINGS / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in seeds(name):
        (corpus / hashlib.sha256(seed).hexdigest()).write_bytes(seed)
    words = FINDINGS / "corpus" / f"{name}.words"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words()))
    sys.stderr.write(f"what is found is in {FINDINGS}; to run it again: python -m tests.fuzz {name} FILE\n")
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={target.longest}",
        f"-timeout={hangs_after}",
        f"-report_slow_units={hangs_after}",
        f"-rss_limit_mb={_MEGABYTES}",
        f"-artifact_prefix={FINDINGS}/{name}-",
        f"-dict={words}",
        "-print_final_stats=1",
    ]
    atheris.Setup([sys.argv[0], *options, str(corpus)], target.attempt)
    atheris.Fuzz()


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{octet:02x}" for octet in word)


if __name__ == "__main__":
    main()
