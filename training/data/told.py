# ruff: noqa: E501, SIM905 - sentences and word lists are data
"""Sentences that tell the values of a form, put together from parts.

A model that has seen a dozen sentences per form learns the sentences. One that has seen the parts
in any order, with other words between, learns what a name, a number or a title looks like.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

# For each kind of form the parts that tell a field; `{}` is the value.
_PARTS: dict[str, dict[str, tuple[str, ...]]] = {
    "person": {
        "name": (
            "{}", "{}", "{}", "my friend {}", "our guest {}", "a certain {}", "I know {}", "look at {}", "ask {}", "this is {}", "here comes {}", "the player {}", "dear {}", "the name is {}",
            "my neighbour {}", "someone named {}", "a woman called {}", "a man called {}", "one {}", "our {}", "please greet {}", "hello {}", "meeting {}", "the boss is {}", "I just met {}",
            "remember {}", "the winner is {}", "they call her {}", "everyone likes {}", "let me introduce {}", "you will like {}", "{} of the red team", "{} speaking", "{} as always", "{} again",
            "{} just arrived", "{} just moved", "{} has a party", "{} celebrates", "{} will come", "{} got a cake", "{} lives here", "{} just called", "{} was here", "{} sings", "{} joined us", "{} wrote to me",
            "{} just had a birthday", "{} enjoys life", "{} waits",
        ),
        "age": (
            "{}", "{}", "aged {}", "{} years", "{} years old", "age {}", "is {}", "is {} years old", "is now {}", "has reached {}", "turns {} today", "who is {}", "with {} years", "already {}",
            "only {} years old", "celebrates turning {}", "turned {} recently", "{} since Monday", "is about to leave {} behind", "at the age of {}", "{} summers old", "blew out {} candles",
            "who turned {}", "counts {} years", "has seen {} winters", "had the birthday number {}", "candle number {}", "year number {}", "reached number {}", "is still {}", "who will soon not be {} any more", "({})", "({} years)", "{} y/o",
        ),
    },
    "city": {
        "city": (
            "the city {}", "the city is {}", "the town of {}", "a town called {}", "in the town {}", "{} town", "the streets of {}", "downtown {}", "the city named {}", "the mayor of {}", "{} (a city)",
            "the old city {}", "a flat in {} city", "the people of the town {}", "the harbour of {}", "our team in {} town", "the station of {}", "city {}", "the place is the city {}",
            "a letter from the town of {}", "we work in the city {}", "they left the city {}", "he moved to the city {}", "the road from the city of {}", "we come from the town {}", "they moved into the town of {}",
        ),
        "country": (
            "the country {}", "the country is {}", "in the country of {}", "the nation of {}", "the state of {}", "a country called {}", "all of {} as a country", "{} (country)", "the king of {}",
            "the border of {}", "the land of {}", "the whole country {}", "the flag of {}", "the government of {}", "country {}", "the republic of {}", "somewhere in the country {}", "they left {} as a country", "he moved away from the country {}", "we come from {}, a country", "a family from the land {}", "they fled the country {}",
        ),
    },
    "product": {
        "product": (
            "the {}", "the {}", "a {}", "this {}", "our {}", "the new {}", "your {}", "each {}", "the product {}", "{}", "the last {}", "a used {}", "item: {}", "look at the {}",
            "we offer the {}", "here is the {}", "do you want the {}", "one {}", "one {} of ours", "there is one {}", "you get the {}", "you can have the {}", "everybody loves the {}", "take a {}", "get the {}",
        ),
        "price": (
            "{}", "for {} euros", "for {} dollars", "at {} euros", "costs {}", "at only {}", "the price is {}", "price: {}", "you pay {}", "it costs {} dollars", "and costs {} euros", "worth {}",
            "that makes {} euros", "{} each", "now {} dollars", "give us {} euros", "which costs {}", "priced at {}", "{} euros a piece",
        ),
        "in_stock": ("it {}", "which {}", "and {}", "that {}", "it {} today", "{}", "this one {}", "right now it {}", "sadly or not, it {}"),
    },
    "event": {
        "title": (
            "the {}", "the {}", "the {}", "a {}", "our {}", "event: {}", "{}", "it is the {}", "this will be the {}", "title: {}", "the plan is the {}", "do not miss the {}", "welcome to the {}",
            "remember the {}", "the topic is {}", "because of the {}", "in the calendar: {}", "the next {}", "everyone waits for the {}", "add the {}", "there for the {}", "for the {}", "because of a {}", "all for the {}", "about the {}", "at the {}",
        ),
        "date": (
            "on {}", "on {}", "date: {}", "{}", "it is on {}", "the day is {}", "when: {}", "the date is {}", "starting on {}", "see you on {}", "at the date {}", "keep {} free", "be there on {}",
            "only on {}", "{} in the calendar", "moved to {}",
        ),
        "attendees": (
            "{} come", "with {}", "with {}", "guests: {}", "{} are there", "invited: {}", "the guests are {}", "{} said yes", "{} take part", "{} want to see it", "{} gather", "{} will see each other",
            "for {}", "expect {}", "bring {}", "{} go there", "we invite {}", "{} have time", "{} talk", "who: {}", "people: {}", "in the company of {}", "joined by {}", "{} arrive", "{} see each other", "{} join", "{} sit down", "{} work", "{} get together", "{} play", "{} travel", "{} go out", "{} have dinner", "{} will be there",
            "{} met", "{} can come", "together: {}", "you and {}", "{} will join us", "{} are coming",
        ),
    },
    "book": {
        "title": (
            "the book {}", "the novel {}", "the title is {}", "I am reading {}", "a book called {}", "a novel with the title {}", "title: {}", "the story {}", "my favourite book, {},", "a copy of {}",
            "{}, the book,", "{} (a novel)", "I bought {}", "do you know the book {}", "we talk about the novel {}", "the famous {}", "the library has {}", "a page of {}", "{} is a great book", "{}, a story", "{}, a great book", "{}, a tale", "{}, the famous story", "{}, a book", "{}, my favourite",
        ),
        "author": (
            "by {}", "by {}", "written by {}", "the author is {}", "author: {}", "{} is the author", "{} wrote it", "it was {} who wrote it", "from the pen of {}", "{} made it", "a work of {}",
            "the writer {}", "which {} finished", "that the writer {} finished", "{} published it", "thanks to {}, the author", "a story that {} told", "the novelist {} gave it to us", "that {} made", "which {} wrote down", "a tale that {} invented", "that {} began", "a text that {} wrote for us", "what {} wrote",
            "that {} published", "as {} wrote it",
        ),
        "year": ("in {}", "in {}", "year {}", "{}", "from {}", "from the year {}", "that was {}", "it came out in {}", "dated {}", "since {}", "printed in {}", "the year is {}", "back in {}", "({})"),
    },
    "pet": {
        "name": ("{}", "called {}", "named {}", "its name is {}", "his name is {}", "the name {} suits it", "we call it {}", "{} is the name", "it listens to {}", "this is {}", "{} is here", "dear {}", "look at {}", "{} sleeps",
                 "I love {}", "who is called {}", "little {}", "come here, {}", "we feed {}"),
        "animal": ("a {}", "the {}", "our {}", "my {}", "it is a {}", "a small {}", "that {}", "kind of animal: {}", "a young {}", "one {}", "the {} of my sister", "what a {}", "an animal, namely a {}"),
        "colour": ("in {}", "the colour is {}", "it is {}", "{} all over", "with {} fur", "{} from head to tail", "its fur is {}", "{} hair", "of {} colour", "as {} as can be", "painted {}", "{}", "wears {}", "dressed in {}", "looks {}"),
    },
}  # fmt: skip
_MORE_OF = {
    "city": ("who lives in {}", "from {}", "at home in {}", "with a house in {}", "and the town is {}", "born in {}"),
    "email": ("mail {}", "write to {}", "email: {}", "reach them at {}", "the address is {}"),
    "population": ("with {} people", "{} inhabitants", "population {}", "where {} people live", "home of {} souls"),
}  # fmt: skip
_JOINTS = (
    ", ",
    ", ",
    ", ",
    " ",
    " and ",
    ": ",
    " - ",
    "; ",
    ". ",
    ", and ",
    " (yes) ",
    ", so ",
    " / ",
)
_BEFORE = "look: |news: |I think |they say |by the way, |well, |so |hey, |please note: |for the list: |listen, |as you know, |today |my note says: |it is true, |dear all, |ok, |here we go: ".split(
    "|"
)
_AFTER = (
    " of course", " I think", ", they say", ", please", " today", ", as always", ", can you believe it", " as far as I know", ", thanks", " for the list", ", note it down", " and so on", ", write it down", ", that is all",
)  # fmt: skip


def told(rng: Random, kind: str, values: Mapping[str, str]) -> str:
    """A sentence with each of `values`, the texts of a form's fields."""
    parts = [
        rng.choice(_PARTS[kind].get(field) or _MORE_OF[field]).replace("{}", text)
        for field, text in values.items()
    ]
    if rng.random() < 0.6:
        rng.shuffle(parts)
    text = parts[0]
    for part in parts[1:]:
        text += rng.choice(_JOINTS) + part
    if rng.random() < 0.3:
        text = rng.choice(_BEFORE) + text
    if rng.random() < 0.2:
        text += rng.choice(_AFTER)
    return text
