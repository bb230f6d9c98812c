"""Any card goes through any container and comes back as it was; any edit changes nothing else."""

from __future__ import annotations

import base64
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.characters import splice
from bot.characters.card import Card
from bot.characters.cards import card_of
from bot.characters.editing import edited
from bot.characters.export import as_charx, as_json, as_png
from bot.characters.fields import LISTS, TEXTS
from bot.characters.read import read_card
from bot.errors import BadInput
from tests.characters import making, published

SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=30)
names = texts.map(lambda text: " ".join(text.split())).filter(bool)
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
objects = st.dictionaries(texts, values, max_size=5)
lists = st.lists(texts, max_size=4)
fields = {
    **dict.fromkeys(TEXTS, texts),
    **dict.fromkeys(LISTS, lists),
    "extensions": objects,
    "character_book": st.fixed_dictionaries(
        {"entries": st.lists(objects, max_size=3)}, optional={"own": values}
    ),
    "creator_notes_multilingual": st.dictionaries(st.sampled_from(["de", "en", "ja"]), texts),
}
OTHERS = {name: kind for name, kind in fields.items() if name != "name"}
datas = st.fixed_dictionaries({"name": names}, optional={**OTHERS, "own": values})
styles = st.fixed_dictionaries(
    {
        "indent": st.none() | st.sampled_from([0, 1, 4, "\t"]),
        "ensure_ascii": st.booleans(),
        "separators": st.sampled_from([None, (",", ":"), (" , ", " : ")]),
    }
)
versions = st.sampled_from([("chara_card_v2", "2.0"), ("chara_card_v3", "3.0")])


@st.composite
def cards(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A card's text, in some program's style, and what it says."""
    spec, version = draw(versions)
    # Names that mean something at the root, too, are another matter than those that do not.
    own = {f"own {name}": value for name, value in draw(objects).items()}
    root = {**own, "spec": spec, "spec_version": version, "data": draw(datas)}
    return json.dumps(root, **draw(styles)), root


def read(data: bytes) -> Card:
    found = read_card(data).card
    assert found
    return found


@SLOW
@given(cards())
def test_a_card_keeps_its_words_in_every_container(made):
    text, root = made
    card = read(text.encode())
    spec = "v2" if root["spec"].endswith("v2") else "v3"
    assert as_json(card, spec) == text.encode() == card.document.encode()
    assert as_json(read(as_charx(card)), "v3") is not None
    carried = making.png(text.encode(), "ccv3")
    assert read(carried) == card
    assert read(as_png(card)) == read(as_json(card, "v3"))


@SLOW
@given(cards(), st.sampled_from(["v2", "v3"]))
def test_another_version_says_the_same(made, spec):
    text, root = made
    card = read(text.encode())
    other = json.loads(as_json(card, spec))
    if not root["spec"].endswith(spec):
        data = {**other["data"], "character_book": None}
        assert published.faults({**other, "data": data}, int(spec[1])) == []
    for name in root.keys() - {"spec", "spec_version", "data"}:
        assert splice.same(other[name], root[name])
    for name, value in root["data"].items():
        if name != "character_book":
            assert splice.same(other["data"][name], value)


@SLOW
@given(cards(), st.fixed_dictionaries({}, optional={**fields, "name": names}))
def test_an_edit_says_what_is_wanted_and_nothing_else_changes(made, changes):
    text, root = made
    card = read(text.encode())
    changed = edited(card, **changes)
    after = json.loads(changed.document)
    for name in {**root["data"], **after["data"]}:
        if name not in changes:
            assert splice.same(after["data"][name], root["data"][name])
    for name, value in changes.items():
        if value != getattr(card, name) and value not in ([], {}):
            assert splice.same(after["data"][name], value)
    for name in root.keys() - {"data", *TEXTS}:
        assert splice.same(after[name], root[name])
    assert edited(changed, **{name: getattr(card, name) for name in changes}) is not None


@settings(max_examples=300, deadline=None)
@given(objects, objects, styles)
def test_spliced_objects_say_what_is_wanted(old, new, style):
    text = json.dumps(old, **style)
    mixed = {**old, **new}
    for wanted in (new, mixed, {key: mixed[key] for key in list(mixed)[::2]}):
        assert splice.same(json.loads(splice.replaced(text, wanted, old)), wanted)
    assert splice.replaced(text, old, old) == text


@settings(max_examples=200, deadline=None)
@given(st.lists(values, min_size=1, max_size=6), st.data())
def test_lists_keep_the_words_of_what_stays(items, data):
    new = list(items)
    at = data.draw(st.integers(0, len(items) - 1))
    data.draw(st.sampled_from([lambda: new.pop(at), lambda: new.insert(at, "new"), lambda: None]))()
    text = json.dumps({"a": items}, indent=1)
    made = splice.replaced(text, {"a": new}, {"a": items})
    assert splice.same(json.loads(made), {"a": new})


@SLOW
@given(
    st.binary(max_size=400),
    st.sampled_from([b"{", b"PK\x03\x04", making.SIGNATURE, b"", b"\xff\xd8\xff"]),
)
def test_noise_is_refused_in_a_sentence(noise, head):
    for data in (
        head + noise,
        making.png(noise),
        making.charx(noise),
        head + base64.b64encode(noise),
    ):
        try:
            found = read_card(data)
        except BadInput:
            continue
        else:
            assert found.card or found.lorebook is not None


def test_a_card_that_is_read_again_is_the_same():
    for made in making.cards():
        found = read_card(made.data).card
        assert found
        assert card_of(found.document) == found
