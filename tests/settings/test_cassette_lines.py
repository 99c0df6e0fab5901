"""Lines of a cassette that are rare."""

from __future__ import annotations

import pytest

from proxy.dns.codes import TYPE_HTTPS
from proxy.settings.cassette import _parse_record, _text
from proxy.settings.takes import Wrong


def test_a_record_without_data_is_three_words() -> None:
    assert _parse_record("@ 300 TXT").rdata == b"\0"
    with pytest.raises(Wrong, match="is no record"):
        _parse_record("@ 300 A")


def test_data_that_would_be_read_as_others_are_shown_as_octets() -> None:
    port_before_alpn = b"\0\1\0" + b"\0\3\0\2\x20\xfb" + b"\0\1\0\3\2h2"
    assert _text(TYPE_HTTPS, port_before_alpn, 1) == rf"\# {len(port_before_alpn)} {port_before_alpn.hex()}"
