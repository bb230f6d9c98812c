"""What is exported is what was brought, in its own words, and what the published formats want."""

from __future__ import annotations

import base64
import io
import json
import zipfile

import pytest

from bot.characters.editing import edited, new_card
from bot.characters.export import as_charx, as_json, as_png, plain_picture
from bot.characters.png import END, take_apart
from bot.characters.read import read_card
from bot.errors import BadInput
from tests.characters import published
from tests.characters.making import (
    ENTRY,
    JPEG,
    OLD,
    V1,
    animation,
    as_bytes,
    card,
    cards,
    picture,
    png,
    text_chunk,
    with_chunks,
    with_icon,
)

ODD = r"""{
    "spec" : "chara_card_v2", "spec_version":"2.0",
    "unknown": [1.0, 1.50, 1e3, -0, 1E400, {"b":1,"a":2}],
	"data": {"name":"Mara", "description": "caf\u00e9 \/ \ud83d\udd6f", "personality": "x" ,
      "extensions": {"z": 1.0, "a": 12345678901234567890123, "n": {"deep": [ 1.10,2 ]}}
    , "tags": ["a","b" , "c"], "own": null
    }
}"""


def read(value):
    found = read_card(value if isinstance(value, bytes) else as_bytes(value)).card
    assert found
    return found


def texts(data: bytes) -> dict[str, bytes]:
    """The JSON in each of a picture's card chunks, by keyword as it is written."""
    taken = take_apart(data)
    found = [(data[at.start : at.end].partition(b"\0")) for _, at in taken.texts()]
    return {word.decode(): base64.b64decode(text) for word, _, text in found}


@pytest.mark.parametrize("made", list(cards()), ids=lambda made: made.label)
@pytest.mark.parametrize("spec", [2, 3])
def test_every_card_is_exported_as_the_specifications_want_it(made, spec):
    found = read_card(made.data)
    assert found.card
    text = as_json(found.card, f"v{spec}")
    assert published.faults(json.loads(text), spec) == []
    assert read(text).description == found.card.description
    if spec == made.version:
        assert json.loads(text) == card(spec)


@pytest.mark.parametrize("made", OLD.values(), ids=OLD.keys())
def test_flat_cards_become_new_ones_and_lose_nothing(made):
    found = read(made)
    for spec in (2, 3):
        raised = json.loads(as_json(found, f"v{spec}"))
        if raised["spec"] != made.get("spec"):
            assert published.faults(raised, spec) == []
        assert {**raised, **made} == raised or "spec" in made
        again = read(raised)
        for name in V1:
            assert getattr(again, name) == getattr(found, name)
        assert again.talkativeness == found.talkativeness
        assert again.creator_notes == found.creator_notes


def test_what_a_flat_card_says_keeps_its_words_in_its_data():
    text = '{"name": "A", "description": "caf\\u00e9", "extensions": {"x": 1.0, "y": -1e999},'
    text += ' "tags": [ "a" ], "character_book": {"entries": [{"keys": [], "x": 1E999}]}}'
    made = as_json(read(text.encode()), "v3").decode()
    assert '"description": "caf\\u00e9"' in made.partition('"data"')[2]
    assert '"extensions": {"x": 1.0, "y": -1e999}' in made.partition('"data"')[2]
    assert '"tags": [ "a" ]' in made.partition('"data"')[2]
    assert "Infinity" not in made
    assert json.loads(made)["data"]["character_book"]["entries"][0]["use_regex"] is False


def test_an_unedited_card_is_exported_byte_for_byte():
    assert as_json(read(ODD.encode()), "v2") == ODD.encode()
    assert as_json(read(b"\xef\xbb\xbf " + ODD.encode() + b"\n"), "v2") == ODD.encode()


def test_another_version_changes_only_what_it_has_to():
    text = as_json(read(ODD.encode()), "v3").decode()
    assert text.startswith(ODD[: ODD.index("chara_card")])
    assert '[1.0, 1.50, 1e3, -0, 1E400, {"b":1,"a":2}],\n\t"data"' in text
    assert '{"z": 1.0, "a": 12345678901234567890123, "n": {"deep": [ 1.10,2 ]}}\n    ,' in text
    assert json.loads(text)["spec"] == "chara_card_v3"


@pytest.mark.parametrize(
    ("changes", "old", "new"),
    [
        ({"personality": "y"}, '"personality": "x" ,', '"personality": "y" ,'),
        ({"tags": ("a", "x", "c")}, '["a","b" , "c"]', '["a","x" , "c"]'),
        ({"tags": ("a", "c")}, '["a","b" , "c"]', '["a", "c"]'),
        ({"tags": None}, ', "tags": ["a","b" , "c"], "own"', ', "own"'),
        ({"personality": None}, '"personality": "x" ,\n      ', ""),
        ({"nickname": "M"}, '"own": null', '"own": null, "nickname": "M"'),
        ({"talkativeness": 0.2}, "[ 1.10,2 ]}}", '[ 1.10,2 ]}, "talkativeness": 0.2}'),
        (
            {"extensions": {"z": 1.0, "n": {"deep": [1.1, 3]}}},
            '"a": 12345678901234567890123, "n": {"deep": [ 1.10,2 ]}',
            '"n": {"deep": [ 1.10,3 ]}',
        ),
        (
            {"extensions": {}},
            '{"z": 1.0, "a": 12345678901234567890123, "n": {"deep": [ 1.10,2 ]}}',
            "{}",
        ),
        ({"description": "café / 🕯", "tags": ("a", "b", "c")}, "", ""),
    ],
)
def test_an_edit_changes_only_the_values_concerned(changes, old, new):
    made = edited(read(ODD.encode()), **changes)
    assert made.document == (ODD.replace(old, new) if old else ODD)
    for name, value in changes.items():
        assert (getattr(made, name) or None) == (value or None)


def test_the_last_members_of_an_object_can_go():
    flat = read(b'{"name": "A", "description": "x", "nickname": "B" , "creator": "C" }')
    assert (
        edited(flat, nickname=None, creator=None).document == '{"name": "A", "description": "x" }'
    )
    assert (
        edited(flat, creator=None).document == '{"name": "A", "description": "x", "nickname": "B" }'
    )


def test_of_a_key_that_is_there_twice_the_one_that_counts_is_edited():
    twice = read(b'{"name": "A", "description": "old", "description": "new"}')
    made = edited(twice, description="newer")
    assert made.document == '{"name": "A", "description": "old", "description": "newer"}'
    assert made.description == "newer"
    assert "description" not in json.loads(edited(twice, description=None, scenario="x").document)


def test_a_copy_outside_of_the_data_says_the_same_after_an_edit():
    made = json.loads(edited(read(OLD["root repeats"]), scenario="Calm.").document)
    assert made["data"]["scenario"] == made["scenario"] == "Calm."
    assert made["description"] == "an older text"


def test_old_names_are_edited_where_they_are():
    made = json.loads(edited(read(OLD["Pygmalion"]), description="new").document)
    assert made == {**OLD["Pygmalion"], "char_persona": "new"}


def test_an_edit_of_a_lorebooks_entry_leaves_the_others_alone():
    text = ODD.replace('"own": null', '"character_book": {"entries": [{"w": 1.0}, {"w": 2.00}]}')
    found = read(text.encode())
    book = {"entries": [{"w": 1.0}, {"w": 3}]}
    assert '[{"w": 1.0}, {"w": 3}]' in edited(found, character_book=book).document
    assert '[{"w": 2.00}]' in edited(found, character_book={"entries": [{"w": 2.0}]}).document
    more = {"entries": [{"w": 1.0}, {"n": 0}, {"w": 2.0}]}
    assert '[{"w": 1.0}, {"n": 0}, {"w": 2.00}]' in edited(found, character_book=more).document


def test_what_no_card_can_be_is_refused():
    mara = read(card(2))
    for changes in ({"name": "  "}, {"description": "x" * 300_001}, {"tags": {"a": 1}}):
        with pytest.raises(BadInput):
            edited(mara, **changes)
    with pytest.raises(TypeError):
        edited(mara, nonsense=1)
    large = {"entries": [{**ENTRY, "content": "x" * 100_000}] * 60}
    with pytest.raises(BadInput, match="5 MiB"):
        edited(mara, character_book=large)


def test_a_new_card_is_one_of_the_third_version():
    made = new_card(" Ada\nL. ", description="Counts.", tags=("sums",), talkativeness=1)
    assert (made.name, made.description, made.tags, made.talkativeness) == (
        "Ada L.",
        "Counts.",
        ("sums",),
        1.0,
    )
    assert published.faults(json.loads(made.document), 3) == []
    assert made.warnings == ()


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize("image", [picture(), animation(), png(card(2)), b"", JPEG])
def test_a_picture_carries_the_card_in_both_versions(version, image):
    found = read(card(version))
    made = as_png(found, image)
    assert texts(made) == {"chara": as_json(found, "v2"), "ccv3": as_json(found, "v3")}
    again = read_card(made)
    assert again.card == read(as_json(found, "v3"))
    assert made.endswith(END)
    if image.startswith(b"\x89PNG"):
        assert again.picture in (image, picture())
        assert again.kind == ("apng" if image == animation() else "png")
    else:
        assert again.picture == plain_picture(found.name)


def test_old_cards_in_a_picture_are_replaced_and_the_rest_stays():
    comment = text_chunk("Comment", b"x")
    old = [text_chunk(word, b"e30=") for word in ("CHARA", "chara", "Ccv3", "chara-ext-asset_:1")]
    made = as_png(read(V1), with_chunks(animation(), old[0], comment, *old[1:]))
    assert [chunk.kind for chunk in take_apart(made).chunks] == [
        *(chunk.kind for chunk in take_apart(with_chunks(animation(), comment)).chunks[:-1]),
        *(b"tEXt", b"tEXt", b"IEND"),
    ]


def test_a_card_too_large_for_both_versions_is_in_its_picture_once():
    found = read(card(2, own=["x" * 250_000] * 17))
    made = as_png(found, picture())
    assert list(texts(made)) == ["ccv3"]
    assert read_card(made).card == read(as_json(found, "v3"))


def test_a_plain_picture_is_small_and_differs_by_name():
    one, other = plain_picture("Mara"), plain_picture("Ada")
    assert one == plain_picture("Mara") != other
    assert len(one) < 10_000


@pytest.mark.parametrize(("image", "kind"), [(picture(), "png"), (JPEG, "jpeg"), (b"", "")])
def test_a_charx_has_the_card_and_its_picture(image, kind):
    given = read(with_icon("embeded://assets/icon/old.png"))
    made = as_charx(given, image)
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        assert archive.testzip() is None
        assert published.faults(json.loads(archive.read("card.json")), 3) == []
    found = read_card(made)
    assert (found.picture or b"", found.kind, found.warnings) == (image, kind, ())
    assert made == as_charx(given, image)


def test_what_was_not_kept_is_not_named_in_a_picture():
    icons = [
        {"type": "icon", "uri": "embeded://a.png", "name": "main", "ext": "png"},
        {"type": "emotion", "uri": "embeded://b.png", "name": "glad", "ext": "png"},
        {"type": "background", "uri": "https://example.org/x.png", "name": "main", "ext": "png"},
    ]
    found = read_card(as_png(read(card(3, assets=icons)))).card
    assert found
    assert json.loads(found.document)["data"]["assets"] == [
        {"type": "icon", "uri": "ccdefault:", "name": "main", "ext": "png"},
        icons[2],
    ]
