"""Bundles as far as batch predictions look at them, and files of rows in every format."""

import copy
from dataclasses import dataclass, replace

import plates


@dataclass
class Tray(plates.Plate):
    """A plate that has a name, as a bundle does."""

    ref: str = "churn:1.4.0"
    digest: str = "cd" * 32


def tray(plate, **changes):
    """The plate with a name; its model in a copy, so that tests may change it."""
    made = Tray(copy.deepcopy(plate.model), plate.signature, plate.sample, plate.facts)
    return replace(made, **changes)


def frame(rows=300):
    """Rows that the pipeline takes, with a column beside them that it does not."""
    import pandas as pd

    places = range(rows)
    return pd.DataFrame(
        {
            "id": [f"{place:05d}" for place in places],
            "age": pd.Series([20 + place % 60 for place in places], dtype="int8"),
            "pay": pd.Series([None if place % 7 == 3 else place / 4 for place in places]),
            "member": [place % 3 == 0 for place in places],
            "city": pd.Series([("Bern", "Graz", None)[place % 3] for place in places], dtype="str"),
            "kind": pd.Categorical([("x", "y")[place % 2] for place in places]),
            "count": pd.Series(
                [None if place % 5 == 4 else place for place in places], dtype="Int64"
            ),
        }
    )


def written(folder, form, table, name="in"):
    """``table`` as a file of the format."""
    path = folder / f"{name}.{form}"
    if form == "parquet":
        table.to_parquet(path, index=False, row_group_size=77)
    elif form == "csv":
        table.to_csv(path, index=False)
    else:
        table.to_feather(path)
    return path
