"""An OpenID provider that others wrote, in a process of its own: oidc-provider-mock, over Authlib.

It knows no sign-in without a browser; Authlib does (RFC 8628), and is put in here. Run as a script
it serves the port that it is given.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx


@contextmanager
def standing():
    """Its address, while it stands."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", str(Path(__file__).resolve()), str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://localhost:{port}"
    until = time.monotonic() + 30
    while True:
        try:
            httpx.get(url, timeout=5)
            break
        except httpx.HTTPError:
            assert process.poll() is None, "the provider ended"
            assert time.monotonic() < until, "the provider did not start"
            time.sleep(0.1)
    try:
        yield url
    finally:
        process.terminate()
        process.wait(10)


def know(url, name, **claims):
    """Let the provider at ``url`` know ``name``, of whom it says ``claims``."""
    httpx.put(f"{url}/users/{name}", json=claims).raise_for_status()


def serve(port):
    """Serve until terminated."""
    import flask
    from authlib.jose import jwt
    from authlib.oauth2 import rfc8628
    from oidc_provider_mock import _app, _storage, app

    provider = app()
    begun, granted = {}, {}
    _storage.Client.GRANT_TYPES_SUPPORTED += (rfc8628.DeviceCodeGrant.GRANT_TYPE,)

    class Endpoint(rfc8628.DeviceAuthorizationEndpoint):
        INTERVAL = 1

        def get_verification_uri(self):
            return f"http://localhost:{port}/device"

        def save_device_credential(self, client_id, scope, data):
            until = time.time() + data["expires_in"]
            begun[data["device_code"]] = rfc8628.DeviceCredentialDict(
                data, client_id=client_id, scope=scope, expires_at=until
            )

    class Grant(rfc8628.DeviceCodeGrant):
        def query_device_credential(self, device_code):
            return begun.get(device_code)

        def query_user_grant(self, user_code):
            return granted.get(user_code)

        def should_slow_down(self, credential):
            return False

        def create_token_response(self):
            status, token, headers = super().create_token_response()
            user, scope, now = self.request.user, token["scope"], int(time.time())
            claims = {
                "iss": f"http://localhost:{port}", "aud": self.request.client.get_client_id(),
                "iat": now, "exp": now + 3600, **_app._user_claims_for_scope(user, scope),
            }  # fmt: skip
            signed = jwt.encode({"alg": "RS256"}, claims, _storage.storage.jwk)
            return status, {**token, "id_token": signed.decode()}, headers

    with provider.test_request_context():
        provider.preprocess_request()
        _app.authorization._get_current_object().register_grant(Grant)
        _app.authorization._get_current_object().register_endpoint(Endpoint)

    @provider.post("/device_authorization")
    def device_authorization():
        return _app.authorization.create_endpoint_response(Endpoint.ENDPOINT_NAME)

    @provider.post("/device")
    def device():
        """What the page would do where the user types in his code."""
        form = flask.request.form
        granted[form["user_code"]] = (_storage.storage.get_user(form["sub"]), form["yes"] == "1")
        return "", 204

    def token():
        return _app.authorization.create_token_response()

    def configuration():
        told = _app.openid_config().get_json()
        where = f"http://localhost:{port}/device_authorization"
        return {**told, "device_authorization_endpoint": where}

    provider.view_functions["oidc-provider-mock.issue_token"] = token
    provider.view_functions["oidc-provider-mock.openid_config"] = configuration
    provider.run("localhost", port, debug=False, threaded=True)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
