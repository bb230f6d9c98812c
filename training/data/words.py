# ruff: noqa: E501, SIM905 - sentences and word lists are data
"""Words to fill templates with: invented names, places, topics; some are held out for evaluation.

Invented names are made of syllables. A tenth of all pairs of syllables never stands side by side
in training: names with such a pair tell whether the model copies or only remembers.
"""

from __future__ import annotations

import re
from itertools import pairwise
from random import Random
from zlib import crc32

_ONSETS = "b c d f g h j k l m n p r s t v w y z".split()
_CLUSTERS = (
    "bl br ch cl cr dr fl fr gl gr kh kl kn ph pl pr qu rh sc sh sk sl sn sp st str sw th tr tw x"
).split()
_VOWELS = "aeiou"
_DIPHTHONGS = "ae ai au ea ee ei eo ia ie io oa oo ou ue y".split()
_CODAS = "d k l m n r s t".split()
_HARD_CODAS = "b ck f g h ll lm ld nd ng nn nt p rd rk rn rt sh ss st th v x z".split()
_ENDINGS = "- - - - - ia a o us on is en ley ton ford by".split()
_ACCENTS = {"a": "áàäåã", "e": "éèêë", "i": "íï", "o": "óöøô", "u": "úüû", "s": "š", "c": "çč"}

FIRST_NAMES = (
    "Anna Ben Clara David Emma Felix Grace Henry Ida Jack Karla Leo Mia Noah Olga Paul Quentin Rosa "
    "Sam Tina Uma Victor Wendy Xenia Yusuf Zoe Ahmed Bianca Carlos Dina Elif Fatima Giulia Hans Ines "
    "Jonas Katja Lars Maria Nils Otto Priya Rahul Sofia Tomas Ursula Vera Walter Yara Zara Aiko "
    "Chen Kofi Amara Igor Marta Pedro Lucia Oscar Ruth Simon Theo Nora Max Lily Kim Joe Amy Tom "
    "Alex Chris Jordan Taylor Sarah Mark John Jane Peter Lisa Mike Laura Kevin Julia Robert Emily"
).split()
HELD_FIRST_NAMES = (
    "Margaret Sebastian Isolde Bartholomew Wilhelmina Rasheed Yevgenia Thaddeus Oluwaseun Marisol "
    "Gideon Philippa Kenji Ludmila Cornelius Anneliese Desmond Harriet Ignatius Josephine Bruno "
    "Celeste Dorian Edith Franklin Gwendolyn Hugo Ivy Jasper Keira"
).split()
_TOWNS = (
    "Paris London Berlin Madrid Rome Vienna Oslo Lisbon Dublin Prague Warsaw Athens Tokyo Seoul "
    "Cairo Lima Quito Toronto Sydney Boston Chicago Denver Dallas Seattle Miami Moscow Delhi Mumbai "
    "Jakarta Nairobi Lagos Dakar Tunis Bern Zurich Geneva Munich Hamburg Cologne Porto Seville "
    "Naples Milan Turin Bergen Malmo Turku Riga Vilnius Tallinn Sofia Zagreb Split Perth Auckland "
    "Amsterdam Rotterdam Antwerp Brussels Ghent Luxembourg Strasbourg Lyon Toulouse Bordeaux Nantes Lille "
    "Frankfurt Leipzig Dresden Hanover Bremen Nuremberg Dortmund Salzburg Innsbruck Graz Basel Lausanne "
    "Venice Florence Bologna Palermo Genoa Verona Barcelona Valencia Bilbao Malaga Granada Zaragoza "
    "Krakow Gdansk Wroclaw Poznan Bratislava Ljubljana Sarajevo Belgrade Skopje Tirana Bucharest Varna "
    "Thessaloniki Nicosia Valletta Istanbul Antalya Beirut Damascus Jerusalem Haifa Alexandria Tripoli "
    "Algiers Rabat Marrakesh Bamako Accra Abuja Kampala Kigali Harare Lusaka Windhoek Durban Pretoria "
    "Karachi Lahore Kabul Tashkent Almaty Chennai Kolkata Bangalore Dhaka Colombo Yangon Saigon Taipei "
    "Shanghai Beijing Nagoya Sapporo Fukuoka Busan Brisbane Adelaide Canberra Wellington Christchurch "
    "Honolulu Anchorage Portland Sacramento Phoenix Tucson Houston Austin Memphis Nashville Atlanta "
    "Orlando Charlotte Baltimore Pittsburgh Cleveland Detroit Milwaukee Minneapolis Ottawa Montreal "
    "Winnipeg Calgary Edmonton Havana Kingston Caracas Bogota Medellin Guayaquil Cusco Santiago Cordoba "
    "Rosario Asuncion Brasilia Recife Salvador Bergamo Trieste Uppsala Aarhus Odense Tampere Oulu Tromso "
    "Kyoto Osaka Hanoi Manila Bangkok Ankara Izmir Tehran Baghdad Amman Doha Dubai Muscat"
).split()
_TWO_WORDS = (
    "New York, San Diego, Cape Town, Mexico City, Buenos Aires, Los Angeles, Rio de Janeiro"
)
CITIES = [*_TOWNS, *_TWO_WORDS.split(", ")]
_HELD_TOWNS = (
    "Reykjavik Edinburgh Budapest Copenhagen Johannesburg Melbourne Vancouver Philadelphia Stuttgart "
    "Marseille Gothenburg Kathmandu Casablanca Montevideo Singapore Helsinki"
).split()
HELD_CITIES = [*_HELD_TOWNS, "San Francisco", "Kuala Lumpur", "Hong Kong", "Addis Ababa"]
COUNTRIES = (
    "France Germany Spain Italy Norway Sweden Portugal Ireland Poland Greece Japan Egypt Peru Canada "
    "Australia India Kenya Nigeria Senegal Austria Switzerland Latvia Croatia Vietnam Turkey Jordan "
    "Texas Ontario Scotland Brazil Mexico Chile"
).split()
COLOURS = "red blue green yellow orange purple teal pink black white brown grey golden silver crimson violet".split()
ANIMALS = (
    "cat dog fox owl bear wolf horse mouse rabbit turtle dragon whale penguin hedgehog raven otter "
    "frog bee goat duck tiger lion snail squirrel crow"
).split()
THINGS = (
    "lamp key boat clock bridge mountain river garden castle forest kettle violin candle mirror "
    "lantern bicycle rocket island ladder umbrella teapot compass blanket mushroom window hammer "
    "basket feather pebble drum flag anchor bucket map coat bell chair book ring door apple star"
).split()
_ADJECTIVES = (
    "old new small great bright quiet broken hidden wooden ancient modern cheap tasty simple fast "
    "slow strange famous local green silver frozen warm lucky lonely gentle brave clever noisy"
).split()
_TOPICS = (
    "history science cooking music astronomy gardening chess football sailing knitting painting "
    "volcanoes glaciers dinosaurs robots bread cheese tea coffee bicycles trains castles whales bees "
    "mushrooms stars planets rivers poetry physics chemistry maths philosophy economics politics "
    "quantum computers electric cars solar power medieval armour roman roads folk dances steam "
    "engines paper planes board games sourdough recipes hiking trails camping stoves running shoes "
    "guitar chords violin strings tax rules visa forms train tickets hotel prices bird songs cloud "
    "types tide tables moon phases street food night markets"
).split()
_MORE = (
    "airplane album alligator almond ambulance amethyst anthem antler apricot aquarium archery artichoke "
    "asteroid astronaut avocado bagpipe bakery balcony balloon bamboo bandage banjo barrel basement "
    "basketball battery beaver bedroom beetle billboard biscuit blizzard blossom blueberry boulder bracelet "
    "broccoli broomstick buffalo bulldozer bungalow butterfly cabbage cactus calendar camel canary cardboard "
    "carpenter cathedral cauliflower cello cemetery ceramics chameleon champagne chestnut chimney chipmunk "
    "chocolate cinnamon clarinet cobweb coconut colander comet copper coral corridor cottage coyote crayon "
    "cricket crocodile crossbow crystal cucumber cupboard curtain cushion cyclone daffodil dandelion "
    "daybreak dentist desert diamond dolphin donkey doorbell dragonfly driftwood dungeon eclipse eggplant "
    "elephant emerald engine envelope espresso factory fiddle firewood fireworks flamingo flannel flashlight "
    "fountain galaxy garlic gazelle geyser ginger giraffe goldfish gondola gorilla grapefruit grasshopper "
    "greenhouse guinea gymnastics hailstorm halibut hamster harbour harvest hazelnut helicopter helmet "
    "hippopotamus honeycomb horizon hurricane hyacinth iceberg igloo iguana insulin jackal jasmine jellyfish "
    "jigsaw jungle kangaroo kettledrum kingfisher kitchen koala ladybird lagoon lavender leather lemonade "
    "leopard library lightning lilac limestone lobster locksmith lullaby magnet mahogany mandolin marble "
    "marigold marmalade meadow melon mermaid meteor microscope midnight milkshake mineral molasses monastery "
    "monkey monsoon mosaic mosquito motorbike mulberry museum mustard narwhal nectarine needle nightingale "
    "notebook nutmeg oatmeal octopus olive onion orchard orchestra ostrich oyster paddle painter palace "
    "pancake panther papaya parachute paradise parrot parsley pasta peacock pelican pencil pendulum pepper "
    "perfume pharmacy pheasant piano pickle pigeon pillow pineapple pirate pistachio plateau platypus "
    "plumber polaroid pomegranate popcorn porcupine postcard pretzel pumpkin puppet puzzle pyramid quarry "
    "quicksand quilt raccoon radish railway rainbow raspberry recorder reindeer rhubarb rooster rosemary "
    "rowing rubber saddle sailor salmon sandal sandstone sapphire saxophone scarecrow scissors scorpion "
    "seagull seaweed shampoo shepherd shipwreck skateboard skeleton skyscraper snorkel snowman soldier "
    "spaghetti sparrow spinach sponge stadium staircase starfish strawberry sunflower surfboard swallow "
    "tambourine tangerine tapestry teacher thermometer thunder tobacco tomato tornado tortoise toucan "
    "tractor trampoline treasure triangle trombone truffle trumpet tulip tunnel turnip turquoise twilight "
    "typewriter unicorn vampire vanilla vegetable village vineyard vinegar vulture waffle wallpaper walnut "
    "walrus wardrobe waterfall watermelon weasel wheelbarrow whirlpool willow wizard wolverine woodpecker "
    "workshop xylophone yacht yoghurt zebra zeppelin zucchini"
).split()
HELD_WORDS = (
    "lighthouse accordion telescope origami submarine pottery saffron velvet granite orchid falcon "
    "harpsichord marzipan kayak tundra beekeeping caravan porcelain windmill juniper"
).split()


def _syllable(rng: Random) -> str:
    onset = rng.choice(_ONSETS if rng.random() < 0.75 else _CLUSTERS) if rng.random() < 0.9 else ""
    nucleus = rng.choice(_VOWELS if rng.random() < 0.82 else _DIPHTHONGS)
    roll = rng.random()
    coda = "" if roll < 0.55 else rng.choice(_CODAS if roll < 0.9 else _HARD_CODAS)
    return onset + nucleus + coda


def is_held_out(first: str, second: str) -> bool:
    """Tell whether two syllables never stand side by side in training."""
    return crc32(f"{first}|{second}".encode()) % 10 == 0


def invented(rng: Random, *, held: bool = False, syllables: int | None = None) -> str:
    """An invented name; with `held` it has at least one pair of syllables unseen in training."""
    while True:
        count = syllables or rng.choice((1, 2, 2, 2, 3, 3) if not held else (2, 2, 3))
        parts = [_syllable(rng) for _ in range(count)]
        pairs = [is_held_out(a, b) for a, b in pairwise(parts)]
        if any(pairs) != held:
            continue
        name = "".join(parts)
        if count == 1 or rng.random() < 0.3:
            name += rng.choice(_ENDINGS).strip("-")
        if 3 <= len(name) <= 11:
            return name.capitalize()


def person(rng: Random, *, held: bool = False) -> str:
    """A person's name, well known or invented."""
    if held:
        return rng.choice(HELD_FIRST_NAMES) if rng.random() < 0.3 else invented(rng, held=True)
    roll = rng.random()
    if roll < 0.25:
        return rng.choice(FIRST_NAMES)
    name = invented(rng)
    if roll < 0.31:
        letter = rng.choice([c for c in name if c in _ACCENTS] or ["-"])
        return name.replace(letter, rng.choice(_ACCENTS.get(letter, "-")), 1)
    if roll < 0.36:
        return name.lower() + rng.choice(("", str(rng.randrange(100)), "_" + invented(rng).lower()))
    if roll < 0.40:
        return name + invented(rng)
    if roll < 0.44:
        return f"{name} {invented(rng)}"
    return name


def place(rng: Random, *, held: bool = False) -> str:
    """A town, well known or invented, sometimes with its country behind a comma."""
    if held:
        town = rng.choice(HELD_CITIES) if rng.random() < 0.4 else invented(rng, held=True)
    else:
        town = rng.choice(CITIES) if rng.random() < 0.35 else invented(rng)
        if rng.random() < 0.1:
            town = f"{town} {invented(rng)}"
        elif rng.random() < 0.08:
            town = f"{rng.choice(('New', 'Port', 'San', 'Saint', 'Old', 'Upper'))} {town}"
    if rng.random() < 0.15:
        country = rng.choice(COUNTRIES) if rng.random() < 0.5 else invented(rng, held=held)
        town = f"{town}, {country}"
    return town


def _alike(rng: Random, town: str) -> str:
    """A second word with pieces of the first: copying has to keep apart what looks the same."""
    cut = rng.randint(1, 3)
    made = town[-cut:] + town[: 5 - cut] if rng.random() < 0.5 else invented(rng)[:3] + town[-cut:]
    return re.sub(r"\W", "", made).capitalize()


def hard_place(rng: Random) -> str:
    """A place to train on: more often of two words, or with its country, than `place`."""
    if rng.random() < 0.4:
        return place(rng)
    town = rng.choice(CITIES) if rng.random() < 0.3 else invented(rng)
    roll = rng.random()
    if roll < 0.2:
        town = f"{town} {invented(rng)}"
    elif roll < 0.35:
        town = f"{town} {_alike(rng, town)}"
    if town in HELD_CITIES:
        return place(rng)
    if rng.random() < 0.45:
        town += f", {rng.choice(COUNTRIES) if rng.random() < 0.5 else invented(rng)}"
    return town


def hard_word(rng: Random) -> str:
    """A word to train on, whose pieces seldom stand together."""
    roll = rng.random()
    if roll < 0.5:
        return word(rng)
    return scrap(rng) if roll < 0.85 else invented(rng).lower()


def word(rng: Random, *, held: bool = False) -> str:
    """A lower-case word, sometimes invented, so that copying does not depend on meaning."""
    if held:
        return rng.choice(HELD_WORDS)
    roll = rng.random()
    if roll < 0.25:
        return invented(rng).lower()
    if roll < 0.38:
        return scrap(rng)
    if roll < 0.6:
        return rng.choice(_MORE)
    return rng.choice(rng.choice((_TOPICS, _TOPICS, THINGS, ANIMALS, COLOURS)))


def scrap(rng: Random) -> str:
    """The beginning of one word and the end of another: familiar pieces in a new order."""
    first, second = (
        rng.choice(rng.choice((_TOPICS, THINGS, ANIMALS, _ADJECTIVES, _MORE, _MORE))) for _ in "ab"
    )
    made = first[: rng.randint(2, 5)] + second[-rng.randint(2, 5) :]
    return "scrap" if made in HELD_WORDS else made


def topic(rng: Random, *, held: bool = False) -> str:
    """A few words that someone may ask about or search for."""
    roll = rng.random()
    if roll < 0.3:
        return f"{rng.choice(_ADJECTIVES)} {word(rng, held=held)}"
    if roll < 0.5:
        return word(rng, held=held)
    if roll < 0.6:
        return f"the history of {word(rng, held=held)}"
    if roll < 0.7:
        return f"{word(rng, held=held)} in {place(rng, held=held).split(',')[0]}"
    if roll < 0.8:
        return f"how to {rng.choice('make build find clean draw cook choose repair'.split())} {word(rng, held=held)}"
    if roll < 0.9:
        return f"{word(rng, held=held)} {word(rng)} {rng.randrange(1950, 2035)}"
    return f"{word(rng)} and {word(rng, held=held)}"


def money(rng: Random) -> str:
    """A price with or without cents."""
    whole = rng.randrange(1, 10 ** rng.choice((1, 2, 2, 3, 4)))
    return f"{whole}.{rng.randrange(100):02d}" if rng.random() < 0.6 else str(whole)


def number(rng: Random, digits: int = 4) -> int:
    """A number of one to `digits` digits, short ones as likely as long ones."""
    return rng.randrange(0, 10 ** rng.randint(1, digits))
