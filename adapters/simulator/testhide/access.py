"""Who may ask: API tokens, sessions that expire, roles, and the projects that an account sees."""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.simulator.common.answers import Refusal
from adapters.simulator.common.ids import dice

SESSION = timedelta(hours=8)
PATIENCE = 5  # wrong passwords in a row before an account is locked
ROLES = ("admin", "developer", "viewer")
PASSWORD = "simulated-testhide-password-canary"  # noqa: S105 - made up, opens nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user. `projects`: those it sees, None for all."""

    number: int
    username: str
    role: str
    projects: frozenset[int] | None = None

    @property
    def email(self) -> str:
        """The address that shows as the author of what it does."""
        return f"{self.username}@testhide.example"

    def sees(self, project: int) -> bool:
        """Whether a project is shown to it."""
        return self.projects is None or project in self.projects


def refuse(status: int, detail: str) -> Refusal:
    """Return an error as Testhide words it."""
    return Refusal(status, {"detail": detail})


class Accounts:
    """The accounts of one server. All have the same password; a session ends when it is logged out, or after 8 hours."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._accounts: dict[str, Account] = {}
        self._tokens: dict[str, Account] = {}
        self._sessions: dict[str, tuple[Account, datetime]] = {}
        self._ended: set[str] = set()
        self._wrong: dict[str, int] = {}

    def add(self, username: str, role: str, projects: frozenset[int] | None = None) -> str:
        """Add an account; return its API token. Raises ValueError for a role that there is not."""
        if role not in ROLES:
            raise ValueError(f"there is no role {role!r}; there are: {', '.join(ROLES)}")
        account = Account(number=len(self._accounts) + 1, username=username, role=role, projects=projects)
        self._accounts[username] = account
        token = f"th_live_{role}canary{dice(self._seed, 'token', username).getrandbits(96):024x}"
        self._tokens[token] = account
        return token

    def revoke(self, token: str) -> None:
        """Make an API token or a session worth nothing."""
        self._tokens.pop(token, None)
        self._ended.add(token)

    def secrets(self) -> tuple[str, ...]:
        """Return tokens, sessions and the password."""
        return (*self._tokens, *self._sessions, *self._ended, PASSWORD)

    def number(self, account: int) -> Account | None:
        """Return an account by its number."""
        return next((known for known in self._accounts.values() if known.number == account), None)

    def log_in(self, username: str, password: str, now: datetime) -> tuple[str, datetime, Account]:
        """Open a session; return its token and when it ends. Raises `Refusal`."""
        account = self._accounts.get(username)
        if self._wrong.get(username, 0) >= PATIENCE:
            raise refuse(403, "Account is locked")
        if account is None or not hmac.compare_digest(password.encode(), PASSWORD.encode()):
            self._wrong[username] = self._wrong.get(username, 0) + 1
            raise refuse(401, "Incorrect username or password")
        self._wrong.pop(username, None)
        token, ends = self._signed(account, now), now + SESSION
        self._sessions[token] = (account, ends)
        return token, ends, account

    def of(self, header: str, now: datetime) -> Account:
        """Return whom an Authorization header names. Raises `Refusal`."""
        scheme, _, token = header.partition(" ")
        if scheme != "Bearer" or token in self._ended:
            raise refuse(401, "Not authenticated")
        if token in self._tokens:
            return self._tokens[token]
        account, ends = self._sessions.get(token, (None, now))
        if account is None or now >= ends:
            raise refuse(401, "Token is invalid or expired")
        return account

    def _signed(self, account: Account, now: datetime) -> str:
        claims = {"sub": account.number, "exp": int((now + SESSION).timestamp()), "canary": "session"}
        signed = dice(self._seed, "session", len(self._sessions)).randbytes(32)
        head = json.dumps({"alg": "RS256", "typ": "JWT"}).encode()
        return ".".join(_url_text(part) for part in (head, json.dumps(claims).encode(), signed))


def _url_text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
