"""The options of a server of predictions, for its own command and for the verb: words alone."""

from __future__ import annotations

from dataclasses import dataclass

HOST, PORT = "127.0.0.1", 8855


@dataclass(frozen=True, slots=True)
class Option:
    """One option: its word, what it is for, and what its value is called ("": it has none)."""

    word: str
    help: str
    value: str = ""


OPTIONS = (
    Option("--host", "the address to listen on; left out: this machine alone", "HOST"),
    Option("--port", f"the port to listen on; left out: {PORT}; 0 finds a free one", "N"),
    Option("--tokens", "a private file of tokens, one a line, that requests have to bring", "FILE"),
    Option("--open", "answer others without a token"),
    Option("--trust", "load its model though you do not trust its author"),
    Option("--timeout", "seconds for one answer; left out: 30", "SECONDS"),
    Option("--rows", "rows of one request; left out: 10000", "N"),
    Option("--queue", "requests that may wait; left out: 512", "N"),
    Option("--log", "a folder to keep requests and answers in, for snapbook monitor", "DIR"),
    Option("--log-share", "the share of requests that are kept; left out: 1", "SHARE"),
    Option("--log-hide", "columns that are never kept, parted by commas", "COLUMNS"),
    Option("--log-size", "megabytes that the folder may hold; left out: 256", "MB"),
    Option("--log-days", "days that the folder goes back; left out: 30", "DAYS"),
    Option("--linger", "seconds to go on answering once told to end", "SECONDS"),
)
KEY = Option("--key", "the public key of its author, that has to have signed it", "HEX")
SOCKET = Option(
    "--socket", "listen on a socket in a private folder, and for its owner alone", "PATH"
)
LEASHED = Option("--leashed", "end when standard input does")
