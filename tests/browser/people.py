"""A server that knows three people: the owner, one who may look, and one who may nothing of ours.

`CONFIG` goes into jupyter_server_config.py of a server under a base URL.
"""

from __future__ import annotations

from labserver import OWNER

READER = "a-token-to-look"
STRANGER = "a-token-for-nothing"

CONFIG = f"""
from jupyter_server.auth import Authorizer, User
from jupyter_server.auth.identity import PasswordIdentityProvider

PEOPLE = {{"{OWNER}": "ada", "{READER}": "bob", "{STRANGER}": "eve"}}


class People(PasswordIdentityProvider):
    async def get_user_token(self, handler):
        name = PEOPLE.get(self.get_token(handler) or "")
        if name is None:
            return None
        return User(username=name, name=name.title(), display_name=name.title())


class Rules(Authorizer):
    def is_authorized(self, handler, user, action, resource):
        if resource != "snapbook" or user.username == "ada":
            return True
        return user.username == "bob" and action == "read"


c.ServerApp.identity_provider_class = People
c.ServerApp.authorizer_class = Rules
"""
