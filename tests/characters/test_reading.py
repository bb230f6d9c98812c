"""Every container and version is read, by its content, and what is repaired is told."""

from __future__ import annotations

import base64
import json

import pytest

from bot.characters.card import DepthPrompt
from bot.characters.read import read_card
from bot.errors import BadInput
from tests.characters import making, published
from tests.characters.making import OLD, V1, as_bytes, card, png

TEXTS = (*V1, "creator_notes", "system_prompt", "post_history_instructions", "creator")


def read(value, filename=""):
    """The card that a JSON value is."""
    found = read_card(as_bytes(value), filename).card
    assert found
    return found


@pytest.mark.parametrize("version", [1, 2, 3])
def test_the_cards_made_for_tests_are_what_the_specifications_say(version):
    assert published.faults(card(version), version) == []
    assert published.faults({}, version)


@pytest.mark.parametrize("made", list(making.cards()), ids=lambda made: made.label)
def test_every_field_is_read_from_every_container(made):
    found = read_card(made.data, "whatever.txt")
    assert found.card
    assert found.warnings == found.card.warnings == ()
    data = card(made.version).get("data", V1)
    for name in TEXTS:
        assert getattr(found.card, name) == data.get(name, "")
    for name in ("alternate_greetings", "group_only_greetings", "tags", "source"):
        assert getattr(found.card, name) == tuple(data.get(name, ()))
    assert found.card.character_book == data.get("character_book")
    assert found.card.extensions == data.get("extensions", {})
    assert found.card.creator_notes_multilingual == data.get("creator_notes_multilingual", {})
    assert found.card.spec == (f"chara_card_v{made.version}" if made.version > 1 else "")
    assert json.loads(found.card.document) == card(made.version)


def test_a_card_says_how_it_wants_to_be_played():
    mara = read(card(3))
    assert mara.called == "Mara"
    assert mara.talkativeness == 0.7
    assert mara.depth_prompt == DepthPrompt("Stay dry.", 2, "user")
    assert mara.greetings == (V1["first_mes"], "The door is open.", "Nobody answers.")
    assert mara.notes_in("de-AT") == "Am besten langsam."
    assert mara.notes_in("fr") == "Best with a slow pace."


def test_a_card_that_says_nothing_of_it_is_played_in_the_usual_way():
    mara = read(V1)
    assert (mara.called, mara.talkativeness, mara.depth_prompt) == ("Mara Quill", 0.5, None)
    assert mara.notes_in("de") == ""


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        ("0.7", 0.7),
        (1, 1.0),
        (0, 0.0),
        (7, 1.0),
        (-1, 0.0),
        ("much", 0.5),
        (None, 0.5),
        (True, 0.5),
    ],
)
def test_talkativeness_is_between_never_and_always(given, understood):
    assert read(card(2, extensions={"talkativeness": given})).talkativeness == understood


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        ({"prompt": "x"}, DepthPrompt("x", 4, "system")),
        ({"prompt": "x", "depth": "3", "role": "assistant"}, DepthPrompt("x", 3, "assistant")),
        ({"prompt": "x", "depth": -5, "role": "tool"}, DepthPrompt("x", 0, "system")),
        ({"prompt": "x", "depth": 1e300}, DepthPrompt("x", 1000, "system")),
        ({"prompt": "  "}, None),
        ({"prompt": 7}, None),
        ("x", None),
    ],
)
def test_a_depth_prompt_is_read_as_far_as_it_makes_sense(given, understood):
    assert read(card(2, extensions={"depth_prompt": given})).depth_prompt == understood


@pytest.mark.parametrize("made", OLD.values(), ids=OLD.keys())
def test_cards_of_earlier_years_say_the_same(made):
    found = read(made)
    for name in ("name", "description", "scenario", "first_mes", "mes_example"):
        assert getattr(found, name) == V1[name]


def test_what_flat_cards_kept_beside_the_character_is_found():
    found = read(OLD["SillyTavern before V2"])
    assert (found.talkativeness, found.creator_notes) == (0.3, "an old note")


def test_a_newer_version_is_read_with_a_word_of_warning():
    found = read({**card(3), "spec_version": "3.7"})
    assert found.description == V1["description"]
    assert "newer (3.7)" in found.warnings[0]
    assert "chara_card_v9" in read({**card(3), "spec": "chara_card_v9"}).warnings[0]
    assert read({**card(2), "spec_version": "soon"}).warnings == ()


@pytest.mark.parametrize(
    ("change", "field", "read_as", "told"),
    [
        ({"character_version": 1.5}, "character_version", "1.5", "not text"),
        ({"personality": None}, "personality", "", "nothing in `personality`"),
        ({"personality": ["dry", "patient"]}, "personality", "dry\npatient", "joined"),
        ({"tags": "sea"}, "tags", ("sea",), "list of one"),
        ({"tags": ["sea", 7, None, "salt"]}, "tags", ("sea", "salt"), "left out 2"),
        ({"tags": None}, "tags", (), ""),
        ({"alternate_greetings": ""}, "alternate_greetings", (), ""),
        ({"extensions": []}, "extensions", {}, ""),
        ({"extensions": None}, "extensions", {}, ""),
        ({"character_book": []}, "character_book", None, ""),
        ({"character_book": [{"keys": []}]}, "character_book", {"entries": [{"keys": []}]}, "list"),
        ({"creator_notes_multilingual": {"DE": "a", "fr": 1}}, "called", "Mara", "left out 1"),
        ({"description": "a\r\nb\rc\0d"}, "description", "a\nb\ncd", ""),
        ({"name": "  Mara \n Quill "}, "name", "Mara Quill", ""),
        ({"scenario": ""}, "scenario", "", ""),
    ],
)
def test_what_does_no_harm_is_repaired_and_told(change, field, read_as, told):
    found = read(card(3, **change))
    assert getattr(found, field) == read_as
    assert told in " ".join(found.warnings)
    assert bool(found.warnings) == bool(told)


def test_of_many_repairs_only_some_are_told():
    numbers = dict.fromkeys((*TEXTS, "character_version", "nickname"), 7)
    found = read(card(3, **numbers, tags="a", source="b", alternate_greetings="c"))
    assert len(found.warnings) == 12
    assert "more such repairs" in found.warnings[-1]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"description": {"a": 1}}, "`description` has to be text"),
        ({"first_mes": [1]}, "`first_mes` has to be text"),
        ({"alternate_greetings": {"a": "b"}}, "`alternate_greetings` has to be a list"),
        ({"tags": 7}, "`tags` has to be a list"),
        ({"extensions": "x"}, "`extensions` has to be an object"),
        ({"character_book": "x"}, "lorebook"),
        ({"creator_notes_multilingual": ["x"]}, "has to be an object"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_name(change, told):
    with pytest.raises(BadInput, match=told):
        read(card(3, **change))


def test_a_card_without_a_name_is_called_after_its_file():
    nameless = {**V1, "name": " "}
    found = read(nameless, "C:\\cards\\old_keeper.card.PNG")
    assert found.name == "old keeper"
    assert "old keeper" in found.warnings[0]
    assert json.loads(found.document)["name"] == "old keeper"
    assert read(card(2, name=None), "mara.png").name == "mara"
    for filename in ("", "1234.json"):
        with pytest.raises(BadInput, match="has no name"):
            read(nameless, filename)


def test_texts_in_another_encoding_are_read_with_a_warning():
    found = read_card('{"name": "Zoë", "description": "“Café” – naïve"}'.encode("cp1252"))
    assert found.card
    assert (found.card.name, found.card.description) == ("Zoë", "“Café” – naïve")
    assert "not UTF-8" in found.warnings[0]
    assert read_card(b'{"name": "\x81", "description": "x"}').card


def test_line_breaks_within_strings_are_tolerated_and_mended():
    found = read_card(b'{"name": "Mara", "description": "one\ntwo\ttab"}').card
    assert found
    assert found.description == "one\ntwo\ttab"
    assert json.loads(found.document)["description"] == "one\ntwo\ttab"


def test_of_a_key_that_is_there_twice_the_last_one_counts_and_this_is_told():
    found = read_card(b'{"name": "A", "description": "old", "description": "new"}').card
    assert found
    assert found.description == "new"
    assert "`description` more than once" in found.warnings[0]


def test_half_a_pair_of_surrogates_never_gets_further():
    found = read_card(
        rb'{"name": "A\ud83d", "description": "x", "extensions": {"\udc00": "\ud800"}}'
    )
    assert found.card
    assert found.card.name == "A\ufffd"
    assert found.card.extensions == {"\ufffd": "\ufffd"}
    repr(found.card).encode()


@pytest.mark.parametrize("made", making.LOREBOOKS.values(), ids=making.LOREBOOKS.keys())
def test_a_lorebook_without_a_character_is_known_as_one(made):
    found = read_card(as_bytes(made))
    assert found.card is None
    assert found.lorebook == made.get("data", made)
    assert json.loads(found.document) == made


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "no character in that file"),
        (b"hello", "no character in that file"),
        (b"[]", "no character in that file"),
        (b"\xff\xfea", "UTF-16"),
        (b"{", "JSON is broken"),
        (b'{"name": "x"', "JSON is broken"),
        (b'{"name": NaN}', "NaN"),
        (b"{}", "no character in that"),
        (b'{"name": "x", "version": "1"}', "no character in that"),
        (b'{"spec": "lorebook_v3", "data": {}}', "no entries"),
        (b"<!DOCTYPE html><html>", "web page"),
        (making.JPEG, "PNG pictures"),
        (making.GIF, "PNG pictures"),
        (making.WEBP, "PNG pictures"),
        (making.picture(), "original file"),
        (making.SIGNATURE, "broken at its beginning"),
        (making.SIGNATURE + making.END, "broken at its beginning"),
        (png(b"{"), "JSON is broken"),
        (making.charx(b"{"), "JSON is broken"),
    ],
)
def test_what_is_no_card_is_told_in_a_sentence(data, told):
    with pytest.raises(BadInput, match=told):
        read_card(data, "card.png")


def test_numbers_of_any_length_do_no_harm():
    text = '{"name": "A", "description": "x", "extensions": {"a": %s, "b": 1e999}}' % ("9" * 9000)
    found = read_card(text.encode()).card
    assert found
    assert found.document == text


def test_base64_that_is_none_is_told():
    broken = making.with_chunks(making.picture(), making.text_chunk("chara", b"abcde"))
    with pytest.raises(BadInput, match="base64 is broken"):
        read_card(broken)
    other = making.text_chunk("chara", base64.b64encode(as_bytes(card(2))))
    both = making.with_chunks(making.picture(), making.text_chunk("ccv3", b"abcde"), other)
    found = read_card(both)
    assert found.card
    assert "took the other" in found.warnings[-1]
