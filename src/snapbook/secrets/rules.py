"""The table of rules: by which forms a secret is known.

Every rule is a literal that `str.find` looks for and a pattern that is matched at that place, so a
text costs one fast search a literal. Patterns stay linear: a run of token characters is entered at
its beginning only (a look-behind guards it) and is never given back. The forms are those that
providers document for their own tokens, so that leaked ones can be found. Patterns are compiled
when their literal first stands in a text: most never do, and loading stays quick.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass

# Words that stand where a secret will be put. Compared after stripping brackets and signs.
# fmt: off
_STAND_INS = frozenset((
    "a", "abc", "api_key", "apikey", "bool", "category", "change_me", "changeme", "dummy",
    "env", "example", "fake", "float", "float64", "foo", "hidden", "insert", "int", "int64",
    "key", "mysecret", "mytoken", "none", "null", "object", "pass", "passwd", "password",
    "password_here", "placeholder", "pw", "pwd", "redacted", "removed", "replace_me", "secret",
    "str", "string", "text", "todo", "token", "unknown", "user", "username", "value",
    "varchar", "your_key_here", "xxx", "yes", "no", "true", "false", "test", "https", "http",
    "basic", "bearer",
))
# fmt: on
_STAND_IN_FORM = r"""(?isx) ^(?:
    [x*.\#_?\s-]+ | <.*> | \[.*\] | \(.*\) | \{.*\} | \$.* | %\(.* | %[sdr] |
    (?:your|my|the|some|insert|enter|replace|put|add)[-_ ].* | .*(?:[-_ ]here|\.\.\.|…) |
    .*(?:example|placeholder|changeme|xxxx|\*\*\*|redacted|dummy|not[-_ ]?a[-_ ]?real).*
)$"""


@dataclass(frozen=True, slots=True)
class Rule:
    """One form of secrets. ``noun`` names the finding to users.

    ``pattern`` is matched ``back`` characters before each place where one of ``anchors`` stands;
    its group "secret", else the whole match, is what goes. ``fold``: anchors are lower case and the
    text is compared so. ``check`` has the last word on a value.
    """

    name: str
    noun: str
    anchors: tuple[str, ...]
    pattern: str
    fold: bool = False
    back: int = 0
    check: Callable[[str], bool] | None = None


@functools.cache
def compiled(pattern: str) -> re.Pattern[str]:
    """``pattern``, compiled when first needed."""
    return re.compile(pattern)


def stand_in(value: str) -> bool:
    """Whether ``value`` only marks the place of a secret ("your-key-here", "***", "{token}")."""
    value = value.strip()
    if len(value) > 300:
        return False
    if value.lower().strip("<>[](){}-_.*$%") in _STAND_INS:
        return True
    return bool(compiled(_STAND_IN_FORM).match(value))


def random_looking(value: str) -> bool:
    """Whether ``value`` is made like a key: one run of 12 or more with digits among letters.

    Names, paths, sentences and the special tokens of language models are not.
    """
    head = value[:200]
    if len(head) < 12 or any(c.isspace() for c in head):
        return False
    digits = sum(c.isdigit() for c in head)
    if not digits or not any(c.isalpha() for c in head):
        return False
    if compiled(r"[a-z]+(?:[-_./][a-z0-9]{1,12})*+").fullmatch(head):
        # words joined by signs, with few digits: a name ("bert-base-uncased-v2") unless they rule
        return digits * 4 >= len(head)
    return digits >= 2 or len(head) >= 20


def _mixed(value: str) -> bool:
    """Digits, and upper with lower case or hex alone: style sheets' class names are neither."""
    digit = any(c.isdigit() for c in value)
    case = any(c.isupper() for c in value) and any(c.islower() for c in value)
    return digit and (case or bool(compiled("[0-9a-f]{32}").search(value)))


def _real(value: str) -> bool:
    return not stand_in(value) and "EXAMPLE" not in value


def _credential(value: str) -> bool:
    """What follows "Authorization:" and is more than a word."""
    return (
        _real(value)
        and any(map(str.isdigit, value))
        and (len(value) >= 20 or random_looking(value))
    )


def _key_material(value: str) -> bool:
    """Whether a PEM block holds a key; code that only looks for the marker does not."""
    head = value.partition("-----BEGIN")[2][:4000]
    runs = compiled(r"[A-Za-z0-9+/=]{16,}").findall(head)
    return sum(map(len, runs)) >= 32


def _token(
    name: str, anchors: str, rest: str, noun: str = "token", check: Callable[[str], bool] = _real
) -> Rule:
    """A rule for a run of token characters after one of the anchors (blank-separated)."""
    words = tuple(anchors.split())
    start = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return Rule(name, noun, words, rf"(?<![A-Za-z0-9_-])(?:{start}){rest}", check=check)


_W = "[A-Za-z0-9_-]"
_ALNUM = "[A-Za-z0-9]"
_END = "(?![A-Za-z0-9])"
_HEX32 = f"[0-9a-f]{{32}}{_END}"

PROVIDERS = (
    _token("aws-access-key", "AKIA ASIA ABIA ACCA", f"[A-Z2-7]{{16}}{_END}", "access key"),
    _token("aws-session", "IQoJb3JpZ2lu FwoGZXIvYXdz", "[A-Za-z0-9/+=]{50,}+"),
    _token("aws-bedrock", "ABSK", "[A-Za-z0-9+/]{80,}+={0,2}"),
    _token("gcp-api-key", "AIza", f"{_W}{{35}}(?!{_W})", "API key"),
    _token("gcp-oauth", "ya29.", f"{_W}{{20,}}+"),
    _token("gcp-client-secret", "GOCSPX-", f"{_W}{{28,}}+", "client secret"),
    _token("gcp-refresh", "1//0", f"{_W}{{40,}}+"),
    _token("github", "ghp_ gho_ ghu_ ghs_ ghr_", f"{_ALNUM}{{36,}}+"),
    _token("github-pat", "github_pat_", "[A-Za-z0-9_]{22,}+"),
    _token(
        "gitlab",
        "glpat- gldt- glrt- glcbt- glptt- glft- glsoat- glimt- glagent- gloas- glffct-",
        "[A-Za-z0-9_.-]{20,}+",
    ),
    _token("slack", "xoxa- xoxb- xoxe- xoxo- xoxp- xoxr- xoxs- xoxe. xapp-", "[A-Za-z0-9.-]{10,}+"),
    _token(
        "slack-webhook",
        "hooks.slack.com/",
        f"(?:services|workflows|triggers)/{_W}++/[A-Za-z0-9/_-]{{20,}}+",
        "webhook",
    ),
    _token(
        "discord-webhook",
        "discord.com/api/webhooks/ discordapp.com/api/webhooks/",
        f"[0-9]{{10,20}}/{_W}{{30,}}+",
        "webhook",
    ),
    _token("stripe", "sk_live_ sk_test_ rk_live_ rk_test_ pk_live_", f"{_ALNUM}{{10,}}+"),
    _token("stripe-webhook", "whsec_", "[A-Za-z0-9+/=]{32,}+", "webhook secret"),
    _token("anthropic", "sk-ant-", f"{_W}{{20,}}+", "API key"),
    _token("openai", "sk-", f"{_W}{{20,}}+", "API key", _mixed),
    _token("huggingface", "hf_ api_org_", f"{_ALNUM}{{30,}}+"),
    _token("npm", "npm_", f"{_ALNUM}{{36,}}+"),
    _token("pypi", "pypi-Ag", f"{_W}{{50,}}+"),
    _token(
        "azure-storage",
        "AccountKey= SharedAccessKey= SharedAccessSignature=",
        "(?P<secret>[A-Za-z0-9+/%=]{40,}+)",
        "access key",
    ),
    Rule(
        "azure-client",
        "client secret",
        ("Q~",),
        r"(?<![\w~.-])[\w~.-]{3}[0-9]Q~[\w~.-]{31,40}(?![\w~.-])",
        back=4,
    ),
    Rule("azure-sas", "signed URL", ("sig=",), r"(?<=[?&;])sig=(?P<secret>[A-Za-z0-9%+/]{40,}+=*)"),
    _token("jwt", "eyJ", rf"{_W}{{8,}}+\.eyJ{_W}{{8,}}+(?:\.{_W}*+)?"),
    _token("databricks", "dapi", f"[0-9a-f]{{32}}(?:-[0-9])?{_END}"),
    _token("digitalocean", "dop_v1_ doo_v1_ dor_v1_", "[0-9a-f]{64}"),
    _token("docker", "dckr_pat_ dckr_oat_", f"{_W}{{20,}}+"),
    _token("sendgrid", "SG.", rf"{_W}{{16,}}+\.{_W}{{16,}}+", "API key"),
    _token("twilio", "SK", _HEX32, "API key"),
    _token("mailgun", "key-", _HEX32, "API key"),
    _token("square", "sq0atp- sq0csp- EAAA", f"{_W}{{22,}}+"),
    _token("shopify", "shpat_ shpca_ shppa_ shpss_", f"[0-9a-fA-F]{{32}}{_END}"),
    _token("atlassian", "ATATT3 ATCTT3", "[A-Za-z0-9_=-]{30,}+"),
    _token("vault", "hvs. hvb. hvr.", f"{_W}{{24,}}+"),
    _token("grafana", "glsa_ glc_", "[A-Za-z0-9_+/=]{32,}+"),
    _token("newrelic", "NRAK- NRII-", f"{_W}{{27,}}+", "API key"),
    _token("sentry", "sntrys_ sntryu_", "[A-Za-z0-9_+/=]{40,}+"),
    _token("rubygems", "rubygems_", f"[0-9a-f]{{48}}{_END}"),
    _token("postman", "PMAK-", "[0-9a-f]{24}-[0-9a-f]{34}", "API key"),
    _token("notion", "ntn_ secret_", f"{_ALNUM}{{40,}}+"),
    _token("linear", "lin_api_", f"{_ALNUM}{{32,}}+", "API key"),
    _token("age", "AGE-SECRET-KEY-1", "[0-9A-Z]{50,}+", "private key"),
    _token("supabase", "sbp_ sb_secret_", f"{_W}{{20,}}+"),
    _token("planetscale", "pscale_tkn_ pscale_pw_ pscale_oauth_", "[A-Za-z0-9_.=-]{32,}+"),
    _token("replicate", "r8_", f"{_ALNUM}{{37}}{_END}"),
    _token("groq", "gsk_", f"{_ALNUM}{{40,}}+", "API key"),
    _token("perplexity", "pplx-", f"{_ALNUM}{{40,}}+", "API key"),
    _token("xai", "xai-", f"{_ALNUM}{{60,}}+", "API key"),
    _token("nvidia", "nvapi-", f"{_W}{{50,}}+", "API key"),
    _token("pinecone", "pcsk_", "[A-Za-z0-9_]{40,}+", "API key"),
    _token("langsmith", "lsv2_pt_ lsv2_sk_", "[0-9a-f]{32}_[0-9a-f]{10}", "API key"),
    _token("wandb", "wandb_v1_", "[A-Za-z0-9_]{40,}+", "API key"),
    _token("kaggle", "KGAT_", _HEX32),
    _token("alibaba", "LTAI", f"{_ALNUM}{{16,30}}{_END}", "access key", _mixed),
    Rule("telegram", "token", (":AA",), rf"(?<=[0-9]{{8}}):(?P<secret>AA{_W}{{33}})(?!{_W})"),
)

# A private key block up to its end, or to the next dashes where the end is missing. A text of
# beginnings alone is passed over once.
_PEM = Rule(
    "private-key",
    "private key",
    ("-----BEGIN ",),
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    r"(?>(?:[^-]|-(?!----))*+)(?:-----END [A-Z0-9 ]{0,60}-----)?",
    check=_key_material,
)

# user:password@ in a URL of any scheme; without a password, a user that looks like a key.
_URL = (
    Rule(
        "url-password",
        "password",
        ("://",),
        r"://[^\s/@:\"'<>`]{0,100}:(?P<secret>[^\s/\"'<>`]{1,256})@",
        check=_real,
    ),
    Rule(
        "url-user",
        "token",
        ("://",),
        r"://(?P<secret>[A-Za-z0-9_.-]{20,256})@",
        check=random_looking,
    ),
)

_HEADER = Rule(
    "header",
    "token",
    ("authorization", "x-api-key", "x-auth-token", "x-amz-security-token", "private-token"),
    r"(?i)[a-z-]{9,20}+\\{0,3}[\"']?\s{0,4}[:=,]\s{0,4}[rbfu]{0,2}\\{0,3}[\"']?"
    r"(?:(?:bearer|basic|token|digest|apikey|negotiate|key|aws)[ =]{1,3})?"
    r"(?P<secret>[A-Za-z0-9._~+/=:-]{8,}+)",
    fold=True,
    check=_credential,
)
_BEARER = Rule(
    "bearer",
    "token",
    ("bearer ",),
    r"(?i)(?<![a-z0-9_])bearer {1,3}(?P<secret>[A-Za-z0-9._~+/=-]{16,}+)",
    fold=True,
    check=random_looking,
)

FORMS = (_PEM, *PROVIDERS, *_URL, _HEADER, _BEARER)
