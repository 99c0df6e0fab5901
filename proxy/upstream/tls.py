"""TLS on a connection to a server (RFC 7858): the server's name is checked, its session is used again.

The standard library's TLS over two buffers in memory, as asyncio's own has no way to hand in an earlier session; with one, a
new connection costs no certificates.  Whom to trust is the machine's affair; OpenSSL's variable SSL_CERT_FILE names another
file of authorities.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Awaitable, Callable

from proxy.upstream.stream import Connection, StreamPool

DNS_OVER_TLS = "dot"
HTTP_2 = "h2"

_CHUNK = 65536


class TlsPool(StreamPool):
    """The connections to one server, each with the session of an earlier one.

    `find_context` gives what checks certificates and names: `context`, from when the first connection is about to be made.
    """

    find_context: Callable[[], Awaitable[ssl.SSLContext]]
    context: ssl.SSLContext
    session: ssl.SSLSession | None = None

    def make(self) -> Connection:
        return TlsConnection(self)

    async def prepare(self) -> None:
        self.context = await self.find_context()


class TlsConnection(Connection):
    """A connection whose octets are enciphered."""

    _pool: TlsPool
    tls: ssl.SSLObject

    def __init__(self, pool: TlsPool) -> None:
        super().__init__(pool)
        self._came = ssl.MemoryBIO()
        self._goes = ssl.MemoryBIO()
        self._agreed = False

    def begin(self) -> None:
        """Say hello; questions wait until both sides agree."""
        pool = self._pool
        address = pool.peer.address
        self.tls = pool.context.wrap_bio(
            self._came, self._goes, server_hostname=address.name or address.host, session=pool.session
        )
        self._shake_hands()

    def data_received(self, data: bytes) -> None:
        self._came.write(data)
        if not self._agreed:
            self._shake_hands()
        if self._agreed:
            self._read()

    def abort(self) -> None:
        self._say_goodbye()
        super().abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._say_goodbye()
        super().connection_lost(exc)

    def write(self, octets: bytes) -> None:
        """Encipher and send."""
        self.tls.write(octets)
        self._send()

    def _shake_hands(self) -> None:
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            self._send()
        except ssl.SSLError as error:
            self._send()  # the alert that tells the server
            self._pool.session = None
            self.broken(_told(error))
        else:
            self._agreed = True
            self._send()
            self.get_ready()

    def _read(self) -> None:
        over = False
        try:
            while not self.closing and (octets := self.tls.read(_CHUNK)):
                self._pool.session = self.tls.session  # TLS 1.3 gives it with the first octets, and again
                self.take(octets)
            over = True  # the server has said that nothing more comes, or the connection was left
        except ssl.SSLWantReadError:
            self._send()
        except ssl.SSLError as error:
            self.broken(_told(error))
        if over:
            self.abort()

    def _say_goodbye(self) -> None:
        """A session whose connection ends without is not used again (OpenSSL's rule)."""
        if self._agreed:
            self._agreed = False
            with contextlib.suppress(ssl.SSLError):
                self.tls.unwrap()
            if not self.closing:
                self._send()

    def _send(self) -> None:
        octets = self._goes.read()
        if octets:
            super().write(octets)


def context_for(context: ssl.SSLContext, protocol: str) -> ssl.SSLContext:
    """`context`, for servers that speak `protocol`."""
    context.set_alpn_protocols([protocol])
    return context


def _told(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"has a certificate that does not hold: {error.verify_message}"
    return f"speaks no TLS that is understood: {error.reason or error}"
