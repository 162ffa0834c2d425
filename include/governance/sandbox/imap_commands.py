"""One session with the IMAP stand-in: read a command, answer it, until LOGOUT or a broken connection."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from governance.sandbox.imap import Imap, StoredMessage

_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')
_BODY = re.compile(r"BODY(\.PEEK)?\[(HEADER)?\](?:<(\d+)\.(\d+)>)?", re.IGNORECASE)


_ANYTIME = {
    "CAPABILITY": ["* CAPABILITY IMAP4rev1"],
    "LOGOUT": ["* BYE until next time"],
    "NOOP": [],
}


class _DroppedError(Exception):
    """The connection is to break here."""


class Session:
    """A client's connection."""

    def __init__(self, imap: Imap, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.imap, self.reader, self.writer = imap, reader, writer
        self.known = self.selected = False

    async def run(self) -> None:
        """Greet, and answer until it ends."""
        try:
            self._say("* OK [CAPABILITY IMAP4rev1] the stand-in is ready")
            while await self._turn():
                await self.writer.drain()
        except (OSError, asyncio.CancelledError):
            self.writer.transport.abort()
        except _DroppedError:
            self.writer.close()
        else:
            self.writer.close()

    async def _turn(self) -> bool:
        line = (await self.reader.readline()).decode("utf-8", "replace").rstrip("\r\n")
        if not line:
            return False
        tag, _, rest = line.partition(" ")
        command, _, arguments = rest.partition(" ")
        if command.upper() == "UID":
            command, _, arguments = arguments.partition(" ")
            command = f"UID {command}"
        self.imap.commands.append(command.upper())
        if self.imap.meets("slow"):
            await asyncio.sleep(self.imap.slow_seconds)
        self._say(f"{tag} {self._answer(command.upper(), arguments)}")
        return command.upper() != "LOGOUT"

    def _answer(self, command: str, arguments: str) -> str:
        """Send what comes before the last line of an answer, and return that line without its tag."""
        if self.imap.meets("garbage"):
            self._say("<html><body>Bad gateway</body></html>")
        if command in _ANYTIME:
            for line in _ANYTIME[command]:
                self._say(line)
            return f"OK {command} done"
        if command == "LOGIN":
            return self._login(arguments)
        if not self.known or (command.startswith("UID") and not self.selected):
            return "BAD log in and open a mailbox first"
        answers: dict[str, Callable[[str], str]] = {
            "EXAMINE": partial(self._open, "EXAMINE"),
            "SELECT": partial(self._open, "SELECT"),
            "UID SEARCH": self._search,
            "UID FETCH": self._fetch,
        }
        return answers[command](arguments) if command in answers else self._trespass(command)

    def _login(self, arguments: str) -> str:
        right = _words(arguments) == [self.imap.login, self.imap.password]
        if not right or self.imap.meets("refuse_login"):
            return "NO [AUTHENTICATIONFAILED] Authentication failed"
        self.known = True
        return "OK LOGIN done"

    def _open(self, command: str, arguments: str) -> str:
        if _words(arguments) != [self.imap.name]:
            return "NO [NONEXISTENT] Unknown mailbox"
        if command == "SELECT":
            self.imap.trespasses.append(command)
        self.selected = True
        self._say(f"* {len(self._there())} EXISTS")
        self._say("* 0 RECENT")
        self._say(r"* FLAGS (\Seen \Deleted)")
        self._say(f"* OK [UIDVALIDITY {self.imap.uid_validity}] UIDs valid")
        if self.imap.tells_uid_next:
            self._say(f"* OK [UIDNEXT {len(self.imap.messages) + 1}] Predicted next UID")
        return f"OK [READ-{'ONLY' if command == 'EXAMINE' else 'WRITE'}] {command} done"

    def _there(self) -> dict[int, StoredMessage]:
        return {
            uid: message
            for uid, message in enumerate(self.imap.messages, start=1)
            if uid not in self.imap.gone
        }

    def _range(self, text: str) -> list[int]:
        """UIDs of a range; `n:*` names the newest message even where its UID is below n (RFC 3501)."""
        there = sorted(self._there())
        first, _, last = text.partition(":")
        newest = there[-1] if there else 0
        ends = [newest if end == "*" else int(end) for end in (first, last or first)]
        return [uid for uid in there if min(ends) <= uid <= max(ends)]

    def _search(self, arguments: str) -> str:
        criterion, _, uids = arguments.partition(" ")
        if criterion.upper() != "UID":
            return "BAD this stand-in searches by UID alone"
        self._say(" ".join(["* SEARCH", *map(str, self._range(uids))]))
        return "OK SEARCH done"

    def _fetch(self, arguments: str) -> str:
        uids, _, items = arguments.partition(" ")
        body = _BODY.search(items)
        if body and not body[1]:
            return self._trespass("FETCH without PEEK")
        for uid in self._range(uids):
            self._one(uid, items, body)
        return "OK FETCH done"

    def _one(self, uid: int, items: str, body: re.Match[str] | None) -> None:
        message = self._there()[uid]
        said = [f"UID {uid}"]
        if "RFC822.SIZE" in items.upper():
            said.append(f"RFC822.SIZE {len(message.content)}")
        if "INTERNALDATE" in items.upper():
            said.append(f'INTERNALDATE "{message.received:%d-%b-%Y %H:%M:%S %z}"')
        if body is None:
            self._say(f"* {uid} FETCH ({' '.join(said)})")
            return
        content = message.content
        if body[2]:
            content = content.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        start = int(body[3]) if body[3] else 0
        content = content[start : start + int(body[4])] if body[4] else content
        place = f"<{start}>" if body[4] else ""
        self._say(f"* {uid} FETCH ({' '.join(said)} BODY[{body[2] or ''}]{place} {{{len(content)}}}")
        if self.imap.meets("drop_in_literal"):
            self.writer.write(content[: len(content) // 2])
            raise _DroppedError
        self.writer.write(content + b")\r\n")

    def _trespass(self, what: str) -> str:
        self.imap.trespasses.append(what)
        return f"NO [NOPERM] {what}: this mailbox is for reading"

    def _say(self, line: str) -> None:
        self.writer.write(line.encode() + b"\r\n")


def _words(arguments: str) -> list[str]:
    return [re.sub(r"\\(.)", r"\1", quoted) if quoted else bare for quoted, bare in _WORD.findall(arguments)]
