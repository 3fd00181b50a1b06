"""The registries that one knows, and one that he keeps himself."""

from __future__ import annotations

from snapbook.verbs.every.common import YES, late
from snapbook.verbs.table import Argument, Verb

ACTS = (
    "list", "add", "remove", "serve", "token", "grant", "tokens", "revoke", "key", "restored", "gc",
    "verify", "webhook",
)  # fmt: skip

REGISTRIES = (
    Verb(
        "registry",
        "The registries you know: list, add, remove; serve one, and give out its tokens",
        late("registries", "registry"),
        (
            Argument(
                ("act",),
                "list, add NAME URL, remove NAME, serve, token NAME ROLE..., grant WHO ROLE...,"
                " tokens, revoke ID, key, restored, gc, verify, webhook [add URL|remove ID]",
                "?",
                metavar="ACT",
                choices=ACTS,
            ),
            Argument(("words",), "what the act needs", "*"),
            Argument(("--folder",), "where the served registry is", metavar="DIR", complete="path"),
            Argument(("--host",), "the address to listen on; left out: this machine alone"),
            Argument(("--port",), "the port to listen on; left out: 8844", metavar="N"),
            Argument(
                ("--database",),
                "the PostgreSQL of chain and tokens, with --store: postgresql://HOST/NAME",
                metavar="URL",
            ),
            Argument(
                ("--store",),
                "the bucket that keeps the blobs: s3://BUCKET/PREFIX",
                metavar="URL",
            ),
            Argument(
                ("--key",), "what its key has to be, for add: as the server shows it", metavar="KEY"
            ),
            Argument(("--reason",), "why, for restored: clients are told so", metavar="TEXT"),
            Argument(
                ("--expires",),
                "how long a token counts: 12h, 30d, 1y, a date, never; left out: 90d",
                metavar="WHEN",
            ),
            Argument(("--service",), "the token is for a service: it cannot approve", many="flag"),
            Argument(
                ("--oidc-issuer",),
                "where people sign in, for serve: the address of an OpenID provider",
                metavar="URL",
            ),
            Argument(("--oidc-client",), "what the registry is called there", metavar="ID"),
            Argument(
                ("--oidc-secret",),
                "what that gave it for programs on people's machines: shown to all of them",
                metavar="TEXT",
            ),
            Argument(
                ("--model",),
                "what a webhook is told of: churn, risk/*; left out: all",
                metavar="PATTERN",
            ),
            Argument(
                ("--private",), "a webhook's address may be one of a private network", many="flag"
            ),
            Argument(
                ("--expire",), "for gc: first delete what the policies of models let go", "flag"
            ),
            YES,
            Argument(("--dry-run",), "for gc: say what would go, change nothing", "flag"),
            Argument(
                ("--quota",),
                "for serve: what the versions of some models may take: risk/*=50 GB",
                "append",
                metavar="MODELS=SIZE",
            ),
            Argument(
                ("--rate",),
                "requests a second of one token or address; left out: 1000; 0: any",
                metavar="N",
            ),
            Argument(
                ("--patience",),
                "seconds that a client may be silent within a request; left out: 30; 0: any",
                metavar="S",
            ),
            Argument(
                ("--workers",),
                "for serve: how many processes answer; left out: 1",
                metavar="N",
            ),
            Argument(
                ("--proxy",),
                "the proxies before it, whose word counts for where a request came from",
                metavar="ADDRESS",
            ),
        ),
        examples=(
            "registry add team https://models.example.com",
            "registry serve",
            "registry token ci-churn writer:churn --service --expires 1y",
        ),
        label="Registries…",
        changes=True,
        button="Change Registries",
    ),
    Verb(
        "login",
        "Keep your token for a registry, asked for or read from a pipe, or sign in",
        late("registries", "login"),
        (
            Argument(("registry_name",), "the registry; left out: the only one", "?"),
            Argument(
                ("--device",), "sign in in a browser of another machine: a code to type in", "flag"
            ),
        ),
        label="Log In…",
        place="shell",
        changes=True,
    ),
)
