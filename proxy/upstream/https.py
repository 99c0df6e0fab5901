"""DNS over HTTPS (RFC 8484): each question a POST request, many at a time on one HTTP/2 connection (RFC 9113).

HTTP/2 is the work of the package h2, which comes with `vpcdns[https]`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import field
from typing import TYPE_CHECKING

from proxy.model.answers import DEFAULT_PORTS, Protocol, ServerAddress
from proxy.nouns import dataclass
from proxy.upstream.stream import Connection
from proxy.upstream.tls import HTTP_2, TlsConnection, TlsPool
from proxy.upstream.transport import Waiting

if TYPE_CHECKING:
    from h2.events import Event

_LARGEST = 65535  # octets of a reply
_LAST_STREAM = 2**31 - 1
_NO_ID = b"\0\0"  # so that replies can be kept by HTTP's own caches (RFC 8484 section 4.1)


class HttpsPool(TlsPool):
    """The connections to one server, whose address may have to be looked up first."""

    look_up: Callable[[str], Awaitable[str]]

    def make(self) -> Connection:
        return HttpsConnection(self)

    async def find_host(self, address: ServerAddress) -> str:
        return address.host or await self.look_up(address.name)


@dataclass(slots=True)
class _Response:
    status: int = 0
    body: bytearray = field(default_factory=bytearray)


class HttpsConnection(TlsConnection):
    """A connection with a stream for each question; a question's key is the number of its stream."""

    def __init__(self, pool: TlsPool) -> None:
        from h2.config import H2Configuration  # noqa: PLC0415  an extra, and 30 ms
        from h2.connection import H2Connection  # noqa: PLC0415

        super().__init__(pool)
        self._http = H2Connection(H2Configuration())
        self._responses: dict[int, _Response] = {}
        self._next = 1

    @property
    def has_room(self) -> bool:
        allowed = self._http.remote_settings.max_concurrent_streams if self.ready else len(self) + 1
        return super().has_room and len(self) < allowed and self._next < _LAST_STREAM

    def get_ready(self) -> None:
        if self.tls.selected_alpn_protocol() != HTTP_2:
            self.broken("speaks no HTTP/2")
            return
        self._http.initiate_connection()
        super().get_ready()

    def put_out(self, exchange: Waiting) -> None:
        """A request: the key, given in order, is the number of its stream."""
        stream = int.from_bytes(exchange.key, "big")
        message = _NO_ID + exchange.packet
        self._responses[stream] = _Response()
        self._http.send_headers(stream, self._headers(len(message)))
        self._http.send_data(stream, message, end_stream=True)
        self._flush()

    def forget(self, exchange: Waiting, *, timed_out: bool) -> None:
        stream = int.from_bytes(exchange.key, "big")
        if self._responses.pop(stream, None) is not None and self.transport is not None:
            self._reset(stream)
        super().forget(exchange, timed_out=timed_out)

    def take(self, octets: bytes) -> None:
        from h2.exceptions import ProtocolError  # noqa: PLC0415

        try:
            events = self._http.receive_data(octets)
        except ProtocolError as error:
            self.broken(f"speaks no HTTP/2 that is understood: {error}")
            return
        for event in events:
            self._take_event(event)
        self._flush()
        self._pool.close_if_done(self)

    def _take_event(self, event: Event) -> None:
        from h2 import events  # noqa: PLC0415

        if isinstance(event, events.ConnectionTerminated):
            self._pool.leave(self)
            return
        stream = getattr(event, "stream_id", None)
        response = self._responses.get(stream) if stream is not None else None
        if isinstance(event, events.DataReceived):
            self._http.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        if stream is None or response is None:
            return
        if isinstance(event, events.ResponseReceived):
            response.status = next(int(value) for name, value in event.headers if name == b":status")
        elif isinstance(event, events.DataReceived):
            response.body += event.data
            if len(response.body) > _LARGEST:
                self._reset(stream)
                self._end(stream, "sent more than a message has")
        elif isinstance(event, events.StreamReset):
            self._end(stream, "broke a request off")
        elif isinstance(event, events.StreamEnded):
            self._finish(stream, response)

    def _finish(self, stream: int, response: _Response) -> None:
        if response.status != 200:
            self._end(stream, f"answered with the HTTP status {response.status}")
            return
        key = stream.to_bytes(4, "big")
        del self._responses[stream]
        self.take_message(key, bytes(response.body))
        self.fail_one(key, "sent no reply to the question")  # unless it was one

    def _end(self, stream: int, what: str) -> None:
        self._responses.pop(stream, None)
        self.fail_one(stream.to_bytes(4, "big"), what)

    def _headers(self, length: int) -> list[tuple[str, str]]:
        address = self._pool.peer.address
        host = address.name or (f"[{address.host}]" if ":" in address.host else address.host)
        authority = host if address.port == DEFAULT_PORTS[Protocol.HTTPS] else f"{host}:{address.port}"
        kind = "application/dns-message"
        return [
            (":method", "POST"), (":scheme", "https"), (":authority", authority), (":path", address.path),
            ("accept", kind), ("content-type", kind), ("content-length", str(length)),
        ]  # fmt: skip

    def _reset(self, stream: int) -> None:
        from h2.exceptions import ProtocolError  # noqa: PLC0415

        try:
            self._http.reset_stream(stream, error_code=8)  # CANCEL
        except ProtocolError:
            return  # it is closed already
        self._flush()

    def _flush(self) -> None:
        octets = self._http.data_to_send()
        if octets:
            self.write(octets)

    def _new_key(self) -> bytes:
        stream, self._next = self._next, self._next + 2
        return stream.to_bytes(4, "big")
