"""Plateau over REST, as any program uses it: one session, typed answers, refusals as sentences.

Decides nothing. Answers are read by the fields that the caller names; what else stands in them is
passed over.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Generic, Self, TypeVar

import aiohttp
import msgspec

T = TypeVar("T")
_TIMEOUT = aiohttp.ClientTimeout(total=30)
_TRIES = 20


class RestFailed(Exception):
    """A request got no answer, or was refused; the text is a sentence. `status` 0: no answer."""

    def __init__(self, sentence: str, status: int = 0) -> None:
        super().__init__(sentence)
        self.status = status


class NotNow(RestFailed):
    """The floor says that it is not possible at present (409)."""


class Nothing(msgspec.Struct, frozen=True):
    """An answer of which nothing is wanted."""


class Listed(msgspec.Struct, Generic[T], frozen=True):
    """A list, or a page of one."""

    items: list[T]


class Token(msgspec.Struct, frozen=True):
    """The answer to a sign-in."""

    access_token: str


class _Fault(msgspec.Struct, frozen=True):
    detail: str = ""


class RestSession:
    """A session with the API at `url`. Sign in, or name an API key, before anything else."""

    def __init__(self, url: str, *, key: str | None = None) -> None:
        self.url = url.rstrip("/")
        self._headers: dict[str, str] = {} if key is None else {"X-API-Key": key}
        self._session: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=_TIMEOUT)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.close()

    async def sign_in(self, login: str, password: str) -> None:
        """Sign in with a password; good for 15 minutes. Raises RestFailed."""
        form = aiohttp.FormData({"username": login, "password": password})
        token = await self.ask("POST", "/token", Token, data=form)
        self._headers = {"Authorization": f"Bearer {token.access_token}"}

    def use_key(self, key: str) -> None:
        """Go on with an API key."""
        self._headers = {"X-API-Key": key}

    async def ask(
        self,
        method: str,
        path: str,
        kind: type[T],
        *,
        json: object = None,
        data: bytes | aiohttp.FormData | None = None,
        headers: dict[str, str] | None = None,
    ) -> T:
        """One request below `/api/v1`, its answer as `kind`. Too many at once wait their turn.

        Raises RestFailed; NotNow for 409.
        """
        for _ in range(_TRIES):
            status, text, retry_s = await self._once(
                method, path, json=json, data=data, headers=headers
            )
            if status != 429:
                break
            await asyncio.sleep(retry_s)
        try:
            if status >= 400:
                why = msgspec.json.decode(text, type=_Fault).detail
                kind_of_error = NotNow if status == 409 else RestFailed
                raise kind_of_error(f"{method} {path} was refused ({status}): {why}", status)
            return msgspec.json.decode(text or b"{}", type=kind)
        except msgspec.DecodeError as error:
            raise RestFailed(
                f"{method} {path} gave {status} and what is not its answer: {error}", status
            ) from error

    async def _once(
        self,
        method: str,
        path: str,
        *,
        json: object,
        data: bytes | aiohttp.FormData | None,
        headers: dict[str, str] | None,
    ) -> tuple[int, bytes, float]:
        try:
            async with self._session.request(
                method,
                f"{self.url}/api/v1{path}",
                json=json,
                data=data,
                headers={**self._headers, **(headers or {})},
            ) as reply:
                wait = reply.headers.get("Retry-After", "")
                return reply.status, await reply.read(), float(wait) if wait.isdigit() else 1.0
        except (aiohttp.ClientError, TimeoutError) as error:
            raise RestFailed(
                f"{method} {self.url}/api/v1{path} got no answer: {error or type(error).__name__}"
            ) from error
