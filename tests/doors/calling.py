"""Programs that call the API: somebody's token, JSON in and out."""

import json
from typing import Any

from django.http.response import HttpResponseBase
from django.test import Client

from hauspost.records.people.actions import TOKEN_SCOPES, add_integration, give_role, give_token
from hauspost.records.people.actor import SYSTEM, Actor, Proof
from hauspost.records.people.models import Person
from tests.desk import Desk


def token_for(person: Person, *scopes: str, name: str = "test") -> str:
    """A clear token of a person, or of an integration."""
    person.refresh_from_db()
    keeper = SYSTEM if person.is_integration else Actor(who=person, proof=Proof.SESSION)
    _row, clear = give_token(person, name, scopes=scopes or TOKEN_SCOPES, expires_at=None, actor=keeper)
    return clear


def integration(desk: Desk, name: str, **roles: str) -> Person:
    """Another program, with its role by team."""
    person = add_integration(name, actor=SYSTEM)
    for team, role in roles.items():
        give_role(person, desk.team(team), role, actor=SYSTEM)
    return person


class Program:
    """A program with a token; answers are checked to be what they say they are."""

    def __init__(self, token: str, language: str = "en", raises: bool = True) -> None:
        self.client = Client(raise_request_exception=raises)
        self.headers = {"Authorization": f"Bearer {token}", "Accept-Language": language}

    @classmethod
    def of(cls, desk: Desk, name: str, *scopes: str, **more: Any) -> "Program":
        """A program of somebody of the cast."""
        return cls(token_for(desk.person(name), *scopes), **more)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str = "",
        headers: dict[str, str] | None = None,
        **query: Any,
    ) -> HttpResponseBase:
        """Any request below /api/v1/."""
        sent = {**self.headers, **({"Idempotency-Key": key} if key else {}), **(headers or {})}
        data = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        return self.client.generic(method, f"/api/v1/{path}", headers=sent, query_params=query or None, **data)

    def get(self, path: str, status: int = 200, **query: Any) -> Any:
        return self._checked(self.ask("GET", path, **query), status)

    def post(self, path: str, body: Any = None, status: int = 201, key: str = "") -> Any:
        return self._checked(self.ask("POST", path, {} if body is None else body, key=key), status)

    def put(self, path: str, body: Any, status: int = 200) -> Any:
        return self._checked(self.ask("PUT", path, body), status)

    def patch(self, path: str, body: Any, status: int = 200) -> Any:
        return self._checked(self.ask("PATCH", path, body), status)

    def delete(self, path: str, status: int = 200) -> Any:
        return self._checked(self.ask("DELETE", path), status)

    def sends(self, path: str, body: Any, files: list[Any], key: str = "") -> Any:
        """A form with files, as curl -F makes it."""
        headers = {**self.headers, **({"Idempotency-Key": key} if key else {})}
        return self.client.post(f"/api/v1/{path}", {"json": json.dumps(body), "files": files}, headers=headers)

    def _checked(self, answer: Any, status: int) -> Any:
        assert answer.status_code == status, (answer.status_code, answer.content)
        told = json.loads(answer.content)
        if status >= 400:
            assert answer["Content-Type"] == "application/problem+json"
            assert told["status"] == status and told["code"] and told["detail"] and told["title"]
        return told
