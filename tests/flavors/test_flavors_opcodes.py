import collections
import fractions
import functools
import io
import pickle
import pickletools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapbook.errors import Damaged
from snapbook.flavors import opcodes, pickler

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary(max_size=300)
    | st.fractions()
    | st.sampled_from([len, collections.OrderedDict, fractions.Fraction, np.float64(1.5)]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def asked(stream):
    """What an unpickler really asks for."""
    found = set()

    class Asking(pickle.Unpickler):
        def find_class(self, module, name):
            found.add(f"{module}:{name}")
            return super().find_class(module, name)

    Asking(io.BytesIO(stream)).load()
    return tuple(sorted(found))


@settings(max_examples=150, deadline=None)
@given(VALUES, st.integers(0, 5))
def test_imports_are_what_an_unpickler_asks_for(value, protocol):
    stream = pickle.dumps(value, protocol)
    told = opcodes.imports(stream)
    if protocol < 4:  # find_class maps Python 2 names; ours are as written
        told = tuple(
            sorted(
                name.replace("__builtin__:", "builtins:").replace("copy_reg:", "copyreg:")
                for name in told
            )
        )
        assert len(told) == len(asked(stream))
    else:
        assert told == asked(stream)


@settings(max_examples=50, deadline=None)
@given(VALUES, st.integers(0, 5))
def test_steps_agree_with_pickletools(value, protocol):
    stream = pickle.dumps(value, protocol)
    places = [place for _, _, place in pickletools.genops(stream)]
    assert [place for _, place, _ in opcodes.steps(stream)] == places


def test_memoised_names_are_followed():
    stream = pickle.dumps([fractions.Fraction(1, 2), fractions.Fraction, functools.partial(len)], 4)
    assert opcodes.imports(stream) == (
        "builtins:len",
        "fractions:Fraction",
        "functools:partial",
    )


HIDDEN = {
    "a name from a dup": b"\x80\x04\x8c\x02os\x8c\x06system20\x93.",
    "a name behind a pop": b"\x80\x04\x8c\x02os\x8c\x06system\x8c\x04posx0\x93.",
    "a name from an unknown memo": b"\x80\x04h\x05\x8c\x06system\x93.",
}


@pytest.mark.parametrize("name", HIDDEN)
def test_names_put_together_otherwise_are_reported_as_unknown(name):
    assert "?:?" in opcodes.imports(HIDDEN[name])


def test_names_of_every_old_way():
    assert opcodes.imports(b"cos\nsystem\n.") == ("os:system",)
    assert opcodes.imports(b"(ios\nsystem\n.") == ("os:system",)
    assert opcodes.imports(b"\x82\x01.") == ("copyreg:extension",)


@pytest.mark.parametrize(
    "stream",
    [
        b"",
        b"\x80",
        b"\x80\x05",
        b"\xff.",
        b"\x8c\x10short",
        b"cos\nsystem",
        b"\x8c\x02\xff\xff.",
        b"p1x\n.",
        b"T\xff\xff\xff\xff.",
        b"X\x01",
    ],
)
def test_cut_or_senseless_streams_are_damaged(stream):
    with pytest.raises(Damaged):
        opcodes.imports(stream)


def test_reading_never_executes():
    class Bomb:
        def __reduce__(self):
            return exec, ("raise SystemExit",)

    stream = pickle.dumps(Bomb())
    assert opcodes.imports(stream) == ("builtins:exec",)
    assert opcodes.whole(stream, [])


def test_whole_pickle_without_unpickling():
    constant = np.arange(3000)
    constant.flags.writeable = False
    value = {"free": np.arange(2000.0), "constant": constant, "text": "\x97\x98\x95" * 3}
    pickled = pickler.dump(value)
    assert len(pickled.buffers) == 2
    plain = opcodes.whole(pickled.stream, [bytes(buffer) for buffer in pickled.buffers])
    back = pickle.loads(plain)
    assert (back["free"] == value["free"]).all()
    assert back["free"].flags.writeable
    assert not back["constant"].flags.writeable
    assert back["text"] == value["text"]


def test_whole_wants_as_many_buffers_as_the_stream():
    pickled = pickler.dump(np.arange(2000.0))
    with pytest.raises(Damaged, match="more buffers"):
        opcodes.whole(pickled.stream, [])
    with pytest.raises(Damaged, match="fewer buffers"):
        opcodes.whole(pickled.stream, [b"", b""])
