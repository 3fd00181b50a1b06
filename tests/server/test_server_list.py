"""place, versions, version, diff over HTTP."""


async def test_the_routes_answer(fetch, book, jp_root_dir):
    book.version("churn", "0.1.0", metrics={"accuracy": 0.9})
    book.version("churn", "0.2.0", metrics={"accuracy": 0.95}, params={"depth": 3})
    place = await fetch("place", path="train.ipynb")
    assert place.status == 200, place.value
    page = await fetch("versions", path="train.ipynb")
    assert [row["ref"] for row in page.value["rows"]] == ["churn:0.2.0", "churn:0.1.0"]
    version = await fetch("version", path="", ref="churn")
    assert version.status == 200, version.value
    diff = await fetch("diff", path="", old="churn")
    assert diff.status == 200, diff.value
    about = await fetch("about")
    assert about.status == 200, about.value
    print(place.value, page.value, diff.value)
