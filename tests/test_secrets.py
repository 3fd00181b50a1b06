"""Secrets are found by form and by name, replaced by numbers, and never kept by the finder."""

import pickle
import random
import string
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapbook.secrets import Redactor, numbers_in
from snapbook.secrets.rules import PROVIDERS

A1 = "aB3dE5gH7jK9mN1pQ3sT5vW7xY9zA1cD3fG5hJ7kL9nP1rS3tV5wX7yZ9bC1eF3gH5"
HEX = "0123456789abcdef" * 8
# Put together here, so that this file itself holds no token's form.
TOKENS = {
    "aws-access-key": "AK" + "IAZ2X4V6B7N3M5K2Q4",
    "aws-session": "IQoJb3JpZ2" + "luX2VjE" + A1,
    "aws-bedrock": "AB" + "SK" + A1 + A1,
    "gcp-api-key": "AI" + "za" + A1[:35],
    "gcp-oauth": "ya" + "29." + A1[:40],
    "gcp-client-secret": "GOC" + "SPX-" + A1[:28],
    "gcp-refresh": "1/" + "/0" + A1,
    "github": "gh" + "p_" + A1[:36],
    "github-pat": "github" + "_pat_" + A1[:22],
    "gitlab": "gl" + "pat-" + A1[:20],
    "slack": "xo" + "xb-" + "123456789012-" + A1[:24],
    "slack-webhook": "hooks.slack" + ".com/services/T01234567/" + A1[:33],
    "discord-webhook": "discord" + ".com/api/webhooks/" + "123456789012345678/" + A1[:60],
    "stripe": "sk" + "_live_" + A1[:24],
    "stripe-webhook": "wh" + "sec_" + A1[:32],
    "anthropic": "sk-" + "ant-api03-" + A1,
    "openai": "sk-" + "proj-" + A1[:48],
    "huggingface": "hf" + "_" + A1[:34],
    "npm": "np" + "m_" + A1[:36],
    "pypi": "pypi" + "-AgEIcHlwaS5vcmc" + A1,
    "azure-storage": "Account" + "Key=" + A1 + "==",
    "azure-client": "abc8" + "Q~" + A1[:34],
    "azure-sas": "https://x.blob.example/c?sv=2024-01-01&s" + "ig=" + A1[:44] + "%3D",
    "jwt": "ey" + "JhbGciOiJIUzI1NiJ9.ey" + "JzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
    "databricks": "da" + "pi" + HEX[:32],
    "digitalocean": "do" + "p_v1_" + HEX[:64],
    "docker": "dckr" + "_pat_" + A1[:27],
    "sendgrid": "S" + "G." + A1[:22] + "." + A1[:43],
    "twilio": "S" + "K" + HEX[:32],
    "mailgun": "ke" + "y-" + HEX[:32],
    "square": "sq0" + "csp-" + A1[:43],
    "shopify": "shp" + "at_" + HEX[:32],
    "atlassian": "ATAT" + "T3" + A1,
    "vault": "hv" + "s." + A1[:24],
    "grafana": "gl" + "sa_" + A1[:32] + "_abcdef01",
    "newrelic": "NR" + "AK-" + A1[:27].upper(),
    "sentry": "sn" + "trys_" + A1,
    "rubygems": "ruby" + "gems_" + HEX[:48],
    "postman": "PM" + "AK-" + HEX[:24] + "-" + HEX[:34],
    "notion": "nt" + "n_" + A1[:46],
    "linear": "lin" + "_api_" + A1[:40],
    "age": "AGE-SECRET" + "-KEY-1" + A1.upper()[:58],
    "supabase": "sb" + "p_" + HEX[:40],
    "planetscale": "pscale" + "_tkn_" + A1[:43],
    "replicate": "r8" + "_" + A1[:37],
    "groq": "gs" + "k_" + A1[:52],
    "perplexity": "pp" + "lx-" + A1[:48],
    "xai": "xa" + "i-" + A1 + A1[:14],
    "nvidia": "nv" + "api-" + A1,
    "pinecone": "pc" + "sk_" + A1,
    "langsmith": "lsv2" + "_pt_" + HEX[:32] + "_" + HEX[:10],
    "wandb": "wandb" + "_v1_" + A1,
    "kaggle": "KG" + "AT_" + HEX[:32],
    "alibaba": "LT" + "AI" + A1[:20],
    "telegram": "123456789:A" + "A" + A1[:33],
}  # fmt: skip

BY_NAME = [
    'password = "hunter2"',
    "db_pass = 'x9y8z7'",
    'password: str = "hunter2"',
    'os.environ["X_TOKEN"] = "abcd1234efgh"',
    'os.environ.setdefault("API_KEY", "abcd1234efgh")',
    '{"api_key": "abc123def456"}',
    "connect(host='h', api_key='abc123xyz')",
    'config["db"]["password"] = "pa55 word"',
    'client_secret: "abcdefghij"',
    "AWS_SECRET_ACCESS_KEY = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYz'",
    "%env OPENAI_API_KEY=xyz12345",
    "!export DB_PASSWORD=hunter2",
    "API_TOKEN=abc123def456ghi",
    "password: hunter2x",
    "mysql --password=hunt3r2",
    '"host=x user=y password=hunter2"',
    "Server=x;User Id=sa;Password=abc123;",
    '\\"password\\": \\"hunter2\\"',
    'pw = dict(passphrase="""correct horse battery""")',
    'password = "unfinished',
    "requests.get(u, auth=('me', 'pw1'))",
    'url = "postgresql://me:s3cret@host/db"',
    '"amqp://me:p@ss@host"',
    'headers = {"Authorization": "Bearer abcdef1234567890abcd"}',
    'curl -H "Authorization: Basic dXNlcjpwYXNzd29yZDE="',
    'access_token = "word2vec99"',
]

NOT_SECRET = [
    'password = getpass.getpass("Password: ")',
    'token = os.environ["X_TOKEN"]',
    'os.environ.get("API_KEY", "")',
    'api_key = os.getenv("OPENAI_API_KEY")',
    'api_key = userdata.get("OPENAI_API_KEY")',
    'tokenizer = "bert-base-uncased"',
    'pad_token = "[PAD]"',
    'eos_token="</s>"',
    'token = "word2vec"',
    'df["token"] = "hello"',
    'tokens = ["a1234567890bcdef"]',
    'max_tokens = "100"',
    'password = "your-password"',
    'password = ""',
    'password = "********"',
    'api_key = "<API_KEY>"',
    'api_key="OPENAI_API_KEY"',
    'dtype = {"password": "string", "token": "object"}',
    'X["password"].map(len)',
    'f"postgresql://{user}:{password}@host"',
    '"postgresql://user:password@host/db"',
    'headers = {"Authorization": f"Bearer {token}"}',
    'headers = {"x-api-key": settings_key_name}',
    "authorization = LegacyAuthorizationClass()",
    'secret_name = "prod/db"',
    'if "-----BEGIN PRIVATE KEY-----" in text: raise ValueError',
    "connect(password=pw, host='x')",
    "connect(password=config.db.password)",
    '<div class="sk-toggleable__content sk-container-id-12-fitted">',
    "df.sort_values(key='abc')",
    'cls_token_id = "101"',
    'password = f"{prefix}-{suffix}"',
    "parser.add_argument('--password', help='the password')",
    "parser.add_argument('--token TOKEN')",
    "see https://example.org/docs:latest@v2",
    "git clone git@host:team/project.git",
    'keyring.get_password("svc", "me")',
    "input_ids, token_type_ids = batch",
    'api_key = "{{secret:1}}"',
]

PEM = (
    "-----BEGIN RSA PRIVATE " + "KEY-----\n"
    "MIIEpAIBAAKCAQEA7bq5V0qfZ0vXqkQ2w8h2n1tq\nabcd\n"
    "-----END RSA PRIVATE KEY-----"
)  # fmt: skip


def redacted(text):
    redactor = Redactor()
    return redactor.redact(text, "cell 1"), redactor.findings


def test_every_provider_has_an_example():
    assert {rule.name for rule in PROVIDERS} == set(TOKENS)


@pytest.mark.parametrize("rule", TOKENS)
@pytest.mark.parametrize("frame", ["{}", 'x = "{}"', "print('{}')", "got {}, then", "é {}\n"])
def test_tokens_by_their_form(rule, frame):
    text, findings = redacted(frame.format(TOKENS[rule]))
    assert len(findings) == 1
    assert "{{secret:1}}" in text
    assert A1[3:18] not in text
    assert HEX[:20] not in text


@pytest.mark.parametrize("text", BY_NAME)
def test_secrets_by_the_name_they_are_given(text):
    clean, findings = redacted(text)
    assert len(findings) == 1
    assert clean.count("{{secret:1}}") == 1
    assert not any(secret in clean for secret in ("hunter2", "abc123", "abcd1234", "s3cret"))


@pytest.mark.parametrize("text", NOT_SECRET)
def test_what_is_no_secret_stays(text):
    assert redacted(text) == (text, [])


def test_private_keys_go_whole_also_unfinished_and_in_json():
    assert redacted(f"before\n{PEM}\nafter")[0] == "before\n{{secret:1}}\nafter"
    in_json = '{"private_key": "' + PEM.replace("\n", "\\n") + '"}'
    assert redacted(in_json)[0] == '{"private_key": "{{secret:1}}"}'
    cut = PEM.partition("-----END")[0]
    assert "MII" not in redacted(cut)[0]


def test_numbers_go_by_first_appearance_and_one_secret_has_one():
    redactor = Redactor()
    one, two = TOKENS["github"], TOKENS["stripe"]
    assert redactor.redact(f"{two} {one} {two}", "a") == "{{secret:1}} {{secret:2}} {{secret:1}}"
    assert redactor.redact(f"x = '{one}'", "b") == "x = '{{secret:2}}'"
    assert [(f.number, f.where) for f in redactor.findings] == [(1, "a"), (2, "a"), (2, "b")]
    assert numbers_in("{{secret:2}} {{secret:1}} {{secret:2}}") == [2, 1]


def test_a_secret_met_once_is_known_where_it_is_printed_alone():
    redactor = Redactor()
    redactor.redact('api_key = "k3yk3yk3yk3y99"', "cell 1")
    assert redactor.redact("the answer: k3yk3yk3yk3y99\n", "output") == "the answer: {{secret:1}}\n"


def test_findings_and_redactor_never_show_the_secret():
    redactor = Redactor()
    redactor.redact('password = "hunter2"')
    assert "hunter2" not in repr(redactor) + repr(redactor.findings) + str(redactor.findings[0])
    with pytest.raises(TypeError):
        pickle.dumps(redactor)


def test_values_by_keys_of_json():
    redactor = Redactor()
    value = {"a": [{"api_key": "abc123def"}, {"password": "hunter2"}], "token": "hello", "n": 3}
    assert redactor.redact_value(value) == {
        "a": [{"api_key": "{{secret:1}}"}, {"password": "{{secret:2}}"}],
        "token": "hello",
        "n": 3,
    }


WORDS = ["password", "=", ":", '"', "'", "secret", "{", "}", "://", "@", "Bearer ", "\n", " ", "\\",
         "api_key", "--token ", "{{secret:1}}", "-----BEGIN PRIVATE KEY-----", "İ", "é",
         *list(TOKENS.values())[:12], PEM]  # fmt: skip


@given(st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=12)), max_size=14))
@settings(max_examples=300, deadline=None)
def test_redacting_twice_is_redacting_once(pieces):
    text = "".join(pieces)
    once = Redactor().redact(text)
    assert Redactor().redact(once) == once


def seconds(text, runs=3):
    """The least of all runs: what else the machine does can only lengthen one."""
    took = []
    for _ in range(runs):
        begun = time.process_time()
        Redactor().redact(text)
        took.append(time.process_time() - begun)
    return min(took)


HOSTILE = {
    "names": "password=",
    "quotes": 'password="',
    "jwt": "eyJ",
    "jwt-dashes": "eyJ-",
    "pem": "-----BEGIN PRIVATE " + "KEY-----",
    "urls": "://a:",
    "openai": "sk-",
    "openai-long": "sk-" + "a" * 40,
    "azure": "Q~",
    "backslashes": "\\",
    "bearer": "bearer ",
    "headers": "authorization: ",
    "shell": "export A_TOKEN ",
    "brackets": "api_key[ : ",
    "sendgrid": "SG.",
    "auth": "auth=('",
    "spaces": "token" + " " * 50,
    "marks": "{{secret:1}}",
    "flags": "--token=a1",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_time_is_linear_for_hostile_texts(name):
    piece = HOSTILE[name]
    small, large = piece * (50_000 // len(piece)), piece * (400_000 // len(piece))
    # eight times the text: eight times the time, with room for noise; a square would be 64
    assert seconds(large) < 24 * seconds(small) + 0.2


@pytest.mark.slow
@pytest.mark.parametrize(
    "run", ["a", "eyJ" + "a" * 64, " ", "0", "password ", 'x = "', "ghp_", "-", "é"]
)
def test_five_megabytes_pass_in_seconds(run):
    assert seconds(run * (5_000_000 // len(run)), runs=1) < 20


@pytest.mark.slow
def test_ordinary_code_of_five_megabytes_keeps_every_character():
    source = "".join(random.Random(1).choices(string.ascii_lowercase + " \n()=_", k=5_000_000))
    assert redacted(source) == (source, [])
