"""What must not be stored: secrets in text are found by a table of rules and replaced.

Knows texts only; who stores them calls `Redactor.redact` before. Frames' values and pickles do not
pass here: what is not scanned is said in docs/security.md.
"""

from snapbook.secrets.redactor import Finding, Redactor, numbers_in

__all__ = ["Finding", "Redactor", "numbers_in"]
