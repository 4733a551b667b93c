"""A TCP wire between one process and one server, that can be cut, held, slowed and watched.

A *trap* is a named point inside a process, seen from outside: it holds the first connection on which a
sequence of patterns passes, so that whoever waits for the answer can be killed at exactly that step.
"""

import asyncio
import re
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tests.servers import HOST

T = TypeVar("T")
CHUNK = 65536
POSTGRES_MAJOR = 3


class Exchange:
    """The event loop that all wires run on, in a thread of its own."""

    def __init__(self) -> None:
        self.wires: list[Wire] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="wires", daemon=True)
        self._thread.start()

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def close(self) -> None:
        """Cut every wire and end the loop."""
        for wire in self.wires:
            wire.cut()
        self.call(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    @staticmethod
    async def _end() -> None:
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


@dataclass
class Trap:
    """Patterns that must pass in this order on one connection; the last one is not let through."""

    patterns: tuple[re.Pattern[str], ...]
    sprung: threading.Event = field(default_factory=threading.Event)

    def wait(self, seconds: float = 60.0) -> bool:
        """Whether somebody has come to the point in time."""
        return self.sprung.wait(seconds)


class Wire:
    """Listens on loopback for one process and passes everything on to `target`."""

    def __init__(self, exchange: Exchange, target: tuple[str, int], *, sql: bool = False) -> None:
        self._exchange, self._target, self._sql = exchange, target, sql
        self._open = asyncio.Event()
        self._open.set()
        self._lines: set[_Line] = set()
        self._server: asyncio.Server | None = None
        self.delay = 0.0
        self.trap: Trap | None = None
        self.port = 0
        exchange.wires.append(self)
        exchange.call(self._listen())

    def cut(self) -> None:
        """Break all connections and refuse new ones."""
        self._exchange.call(self._cut())

    def hang(self) -> None:
        """Take connections and bytes, and pass nothing on."""
        self._exchange.call(self._set(open_=False))

    def mend(self) -> None:
        """Be an ordinary wire again; what was held goes on its way."""
        self.delay = 0.0
        self._exchange.call(self._set(open_=True))

    @contextmanager
    def trapped(self, *patterns: str) -> Iterator[Trap]:
        """A trap for the duration of the block; what it held is thrown away with its connection."""
        self.trap = Trap(tuple(re.compile(pattern, re.DOTALL) for pattern in patterns))
        try:
            yield self.trap
        finally:
            self.trap = None
            self._exchange.call(self._drop_held())

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._connect, HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _set(self, *, open_: bool) -> None:
        if open_:
            self._open.set()
            if self._server is None:
                await self._listen()
        else:
            self._open.clear()

    async def _cut(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for line in list(self._lines):
            line.drop()

    async def _drop_held(self) -> None:
        for line in list(self._lines):
            if line.held:
                line.drop()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        line = _Line(self, (reader, writer), there, _Sql() if self._sql else None)
        self._lines.add(line)
        try:
            await line.run()
        finally:
            self._lines.discard(line)
            line.drop()

    async def passable(self) -> None:
        await self._open.wait()
        if self.delay:
            await asyncio.sleep(self.delay)


Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Line:
    """One connection through a wire."""

    def __init__(self, wire: Wire, here: Ends, there: Ends, sql: "_Sql | None") -> None:
        self._wire, self._here, self._there, self._sql = wire, here, there, sql
        self._trap: Trap | None = None
        self._passed = 0
        self.held = False

    async def run(self) -> None:
        tasks = [asyncio.create_task(self._send()), asyncio.create_task(self._receive())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def drop(self) -> None:
        for _, writer in (self._here, self._there):
            writer.transport.abort()

    async def _send(self) -> None:
        with suppress(OSError):
            while data := await self._here[0].read(CHUNK):
                await self._wire.passable()
                if self._springs(data):
                    self.held = True
                    await asyncio.Event().wait()
                self._there[1].write(data)
                await self._there[1].drain()

    async def _receive(self) -> None:
        with suppress(OSError):
            while data := await self._there[0].read(CHUNK):
                await self._wire.passable()
                self._here[1].write(data)
                await self._here[1].drain()

    def _springs(self, data: bytes) -> bool:
        texts = [data.decode("latin1")] if self._sql is None else self._sql.feed(data)
        trap = self._wire.trap
        if trap is None or trap.sprung.is_set():
            return False
        if trap is not self._trap:
            self._trap, self._passed = trap, 0
        for text in texts:
            if trap.patterns[self._passed].search(text):
                self._passed += 1
                if self._passed == len(trap.patterns):
                    trap.sprung.set()
                    return True
        return False


class _Sql:
    """What a PostgreSQL client is about to execute, prepared statements included."""

    def __init__(self) -> None:
        self._buffer = b""
        self._started = False
        self._prepared: dict[bytes, str] = {}

    def feed(self, data: bytes) -> list[str]:
        self._buffer += data
        texts = []
        while (frame := self._frame()) is not None:
            text = self._text(*frame)
            if text:
                texts.append(text)
        return texts

    def _frame(self) -> tuple[bytes, bytes] | None:
        head = 1 if self._started else 0
        if len(self._buffer) < head + 4:
            return None
        size = head + int.from_bytes(self._buffer[head : head + 4])
        if len(self._buffer) < size:
            return None
        kind, body = self._buffer[:head], self._buffer[head + 4 : size]
        self._buffer = self._buffer[size:]
        if not self._started:
            self._started = int.from_bytes(body[:2]) == POSTGRES_MAJOR
        return kind, body

    def _text(self, kind: bytes, body: bytes) -> str | None:
        if kind == b"Q":
            return body.rstrip(b"\0").decode("latin1")
        if kind == b"P":
            name, query, _ = body.split(b"\0", 2)
            self._prepared[name] = query.decode("latin1")
        elif kind == b"B":
            _, name, _ = body.split(b"\0", 2)
            return self._prepared.get(name)
        return None
