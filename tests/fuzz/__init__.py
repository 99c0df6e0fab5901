"""Inputs that nobody would write: octets from clients and servers, and files of any content.

A target takes octets, hands them to the program, and asserts what has to be true whatever they are.  It keeps nothing from one
call to the next, so an input that fails once fails always.  Three things call the targets:

- `test_fuzz.py`, with the corpus, with everything that was ever found, and with some thousand mutations of these: in CI.
- `make fuzz`, with atheris, which watches the branches that an input takes, and goes on from those that took new ones.
- `python -m tests.fuzz TARGET FILE…`, with the inputs of files, such as those that `make fuzz` leaves in `findings/`.

What is found goes into `corpus/`, once it is mended: a line each, in hex or as a JSON string, behind a `#` what it was.
"""
