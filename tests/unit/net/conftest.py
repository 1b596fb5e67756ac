"""Real servers on 127.0.0.1, a clock that obeys, and authorities of our own."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mentionbridge.domain.errors import LeaseLost
from mentionbridge.net.guard import AddressGuard

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n" + b'{"ok":true}'
Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class FakeClock:
    passed: float = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return self.passed


@dataclass
class LeaseGate:
    """A gate that lets pass until its lease runs out."""

    clock: FakeClock
    deadline: float
    asked: int = 0

    def check(self) -> None:
        self.asked += 1
        if self.clock.monotonic() >= self.deadline:
            raise LeaseLost("the lease ran out")


@dataclass
class Server:
    """What a real socket saw."""

    port: int = 0
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def read(self, reader: asyncio.StreamReader) -> bytes:
        """Take one request off the wire, or nothing when the caller hangs up."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""
        length = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        request = head + (await reader.readexactly(int(length[0])) if length else b"")
        self.requests.append(request)
        return request


Answers = bytes | Callable[[Server, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Serve = Callable[..., Awaitable[Server]]


async def speak(server: Server, answer: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer every request on a connection with the same bytes."""
    while await server.read(reader):
        writer.write(answer)
        await writer.drain()


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Start servers: bytes are a keep-alive answer, a function owns the connection."""
    running: list[asyncio.Server] = []
    tasks: set[asyncio.Task[None]] = set()

    async def start(answers: Answers = OK, *, tls: ssl.SSLContext | None = None) -> Server:
        server = Server()

        async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            tasks.add(asyncio.current_task())
            server.connections += 1
            with suppress(ConnectionError, asyncio.CancelledError, ssl.SSLError):
                if isinstance(answers, bytes):
                    await speak(server, answers, reader, writer)
                else:
                    await answers(server, reader, writer)
            writer.transport.abort()

        listening = await asyncio.start_server(connection, "127.0.0.1", 0, ssl=tls)
        running.append(listening)
        server.port = listening.sockets[0].getsockname()[1]
        return server

    yield start
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for listening in running:
        listening.close()
        await listening.wait_closed()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@dataclass(frozen=True)
class Identity:
    """A certificate for shop.example, signed by nobody else."""

    ca_file: str
    tls: ssl.SSLContext


@pytest.fixture(scope="session")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    folder: Path = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop.example")])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("shop.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(cert_file, key_file)
    return Identity(str(cert_file), tls)


@pytest.fixture
def lease(clock: FakeClock) -> Callable[[float], LeaseGate]:
    """Make gates whose lease lasts so many seconds."""
    return lambda seconds: LeaseGate(clock, clock.passed + seconds)


@pytest.fixture
def named() -> Callable[..., AddressGuard]:
    """Make guards for whom every name leads to these addresses, and this machine is open."""

    def make(*addresses: str, open_networks: tuple[str, ...] = ("127.0.0.0/8",)) -> AddressGuard:
        async def resolve(host: str, port: int) -> tuple[str, ...]:
            return addresses or ("127.0.0.1",)

        return AddressGuard(open_networks, resolve=resolve)

    return make
