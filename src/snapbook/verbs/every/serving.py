"""What answers requests."""

from __future__ import annotations

from snapbook.serve.options import OPTIONS
from snapbook.verbs.every.common import late
from snapbook.verbs.table import Argument, Verb

SERVING = (
    Verb(
        "serve",
        "Answer requests for predictions with a version, or with a bundle",
        late("answering", "serve"),
        (
            Argument(
                ("ref",),
                "a version: churn@production, team::churn:1.4.0; or a bundle: a folder, a .zip",
                "?",
                complete="ref",
            ),
            *(
                Argument((one.word,), one.help, "" if one.value else "flag", metavar=one.value)
                for one in OPTIONS
            ),
            Argument(
                ("--follow",), "go where the alias goes, and roll out what is to come", "flag"
            ),
        ),
        examples=(
            "snapbook serve churn@production",
            "snapbook serve churn@production --follow",
            "snapbook serve churn-1.4.0-bundle",
        ),
        label="Serve…",
        on="version",
        place="shell",
        changes=True,
    ),
    Verb(
        "predict",
        "Predict the rows of a file with a version, or with a bundle, into another file",
        late("predicting", "predict"),
        (
            Argument(
                ("ref",),
                "a version: churn@production, team::churn:1.4.0; or a bundle: a folder, a .zip",
                complete="ref",
            ),
            Argument(
                ("input",),
                "the rows: .parquet (or a folder of them), .csv, .arrow or .feather",
                complete="path",
            ),
            Argument(
                ("-o", "--output"),
                "the file to write; left out: beside the input, as NAME-predicted",
                metavar="FILE",
            ),
            Argument(
                ("--format",),
                "of files whose names do not say it",
                choices=("parquet", "csv", "arrow"),
            ),
            Argument(
                ("--keep",),
                "columns of the input that stay, parted by commas; left out: all of them",
                metavar="NAMES",
            ),
            Argument(("--probabilities",), "what the model tells of each class as well", "flag"),
            Argument(
                ("--columns",),
                "columns with the version and its digest; CSV always has them",
                "flag",
            ),
            Argument(
                ("--on-error",),
                "a row that cannot be predicted: ends it, or gets null and the reason",
                choices=("refuse", "null"),
                default="refuse",
            ),
            Argument(("--rows",), "rows that are predicted together; left out: 65536", metavar="N"),
            Argument(("--trust",), "load its model though you do not trust its author", "flag"),
        ),
        examples=("snapbook predict churn@production in.parquet -o out.parquet",),
        label="Predict a File…",
        on="version",
        place="shell",
        changes=True,
    ),
)
