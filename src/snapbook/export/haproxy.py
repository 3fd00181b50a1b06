"""HAProxy on one host: a configuration for each step of a rollout between two servers of ours.

Each is loaded without dropping a connection (`systemctl reload haproxy`). Whichever server is not
ready, ends, or refuses gets no requests: what it did not answer is asked of the other once more, as
predictions allow. For that HAProxy has to hold the whole request: a buffer's length at most.
"""

from __future__ import annotations

from snapbook.export import kubernetes
from snapbook.export.manifests import Release, Rollout, only, whole

FRONT, OLD, NEW = 8855, 8856, 8857
KEY = "Snapbook-Key"
_TEXT = """\
{said}
#
# The servers behind it:
{servers}
# Taken over without a lost request:
#   haproxy -c -f THIS && cp THIS /etc/haproxy/haproxy.cfg && systemctl reload haproxy

global
    maxconn 4096
    hard-stop-after 60s

defaults
    mode http
    timeout connect 2s
    timeout client 60s
    timeout server 60s
    timeout http-request 10s
    timeout http-keep-alive 30s
    timeout queue 5s
    timeout check 5s
    option idle-close-on-response
    option http-buffer-request
    option redispatch
    retries 3
    retry-on conn-failure empty-response 503

frontend {name}
    bind 127.0.0.1:{port}
    http-request deny deny_status 404 if {{ path /metrics /window }}
    use_backend {name}-feedback if {{ path /feedback }}
    default_backend {name}

backend {name}
    balance {balance}
    option httpchk GET /v2/health/ready
    http-check expect status 200
    default-server check inter 500ms fall 2 rise 1 maxconn 512
{lines}

# Whoever answered a request knows it; who did not says 404, and the other one is asked.
backend {name}-feedback
    balance roundrobin
    option redispatch 1
    retries 2
    retry-on conn-failure empty-response 404 503
{both}
"""


def files(new: Release, rollout: Rollout | None) -> dict[str, str]:
    """The configurations by the names of their files, in the order in which they are loaded."""
    if rollout is None:
        return {"haproxy.cfg": _text(f"{new.ref} answers all requests.", [(new, OLD, 100)])}
    plan, old = rollout.plan, rollout.old
    only(plan, ("canary", "ab", "now"), "HAProxy", "Use snapbook deploy --shadow")
    whole(plan, "HAProxy")
    back = f"{old.ref} answers all requests."
    stable = _text(back, [(old, OLD, 100), (new, NEW, 0)])
    made = {"0-stable.cfg": stable}
    for name, said, share in kubernetes.steps(rollout):
        called = "1-ab" if plan.mode == "ab" else name.removesuffix(".yaml")
        said = said.replace(".yaml", ".cfg")
        parts = [(old, OLD, 100 - int(share)), (new, NEW, int(share))]
        made[f"{called}.cfg"] = _text(said, parts, sticky=plan.sticky)
    return {**made, "rollback.cfg": stable}


def _text(said: str, parts: list[tuple[Release, int, int]], *, sticky: bool = False) -> str:
    """One configuration. A server of weight 0 is asked only where no other one is ready."""
    release = parts[0][0]
    lines, servers, both = [], [], []
    for part, port, weight in parts:
        name = f"v{part.number}"
        serves = f"server {name} 127.0.0.1:{port}"
        lines.append(f"    {serves} weight {weight}" if weight else f"    {serves} backup")
        both.append(f"    {serves} track {release.name}/{name}")
        servers.append(f"#   snapbook serve {part.ref} --port {port} --linger 5")
        said_by = f"Snapbook-Version {part.ref} if {{ srv_name {name} }}"
        lines.append(f"    http-response set-header {said_by}")
    # By the key's hash, and in turn where a request brings none.
    balance = f"hdr({KEY})\n    hash-type consistent" if sticky else "roundrobin"
    return _TEXT.format(
        said="\n".join(f"# {line}" for line in said.splitlines()), servers="\n".join(servers),
        name=release.name, port=FRONT, balance=balance, lines="\n".join(sorted(lines, key=_order)),
        both="\n".join(both),
    )  # fmt: skip


def _order(line: str) -> bool:
    return "server " in line
