# ruff: noqa: E501 - sentences and word lists are data
"""Whole sentences that tell the values of a form, with many words in the place of each other.

What stands beside a value changes from one sentence to the next: so it is the value's own look, and
the small words before and behind it, that say where it begins and ends.

`{field}` is a value, `{=list}` a word of a list below.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from random import Random

from training.data import words

_LISTS: dict[str, tuple[str, ...]] = {
    name: tuple(choices.split("|"))
    for name, choices in {
        "does": "has|wears|shows|got|carries|loves|likes|wants|finds|sees|keeps|hides|brings|needs|licks|washes|eats|guards|hates|shakes|lost|takes|chases|holds|gets|feels|makes",
        "noun": "tail|nose|collar|hat|belly|back|ear|paw|face|scarf|beard|shirt|head|leg|neck|bow|ribbon|stripe|spot|body|wing|mane|fleece|dress|skin|jacket",
        "act": "sing|dance|talk|walk|cook|play|swim|run|read|write|draw|paint|ride|eat|drink|wait|stand|sit|sleep|arrive|leave|stay|rest|practise|travel|train|study|argue|vote|sail|climb|camp|fish|gather|assemble|appear|speak|decide|agree|come|go|drive|laugh|celebrate|work|prepare|unite|return|begin|show up|get up|turn up|come in|fly in|step in|set off|are ready|are free|are invited|are welcome|have time|can come|may come|need a room|want a seat|see each other|know about it",
        "did": "came|went|saw it|met us|smiled|called|wrote|sang|left|won|lost|slept|waited|arrived|knocked|cooked|answered|moved|joined|laughed|asked|helped|paid|ran|spoke|returned|stayed|agreed|jumped|danced|woke up|passed by|came back|was there|was early|has time|had luck|has a plan|had fun|is here|was away|got mail|likes tea|needs help|knows us|sees it|brought cake|took a seat|had dinner|held a speech",
        "soon": "soon|now|again|today|later|indeed|really|also|always|often|happily|finally|quietly|only|even|still|maybe|surely|never|simply|gladly",
        "det": "my|our|the|a|your|his|her|their|this|that|one|some",
        "who": "guy|girl|boy|woman|man|player|student|teacher|client|customer|neighbour|doctor|baker|guest|driver|painter|singer|fan|writer|worker|visitor|pilot|nurse|farmer|gamer|reader|cook|sailor|artist|child",
        "named": "named|called|by the name of|who is named|that is called|known as|whose name is|we call|they call|that people call",
        "greet": "greet|welcome|see|call|ask|invite|thank|help|visit|follow|trust|remember|look at|say hi to|talk to|wait for|think of|vote for|listen to|sit with",
        "years": "years old|years|years young|y/o|years by now|years today|years in total|winters|summers",
        "feat": "candle|year|summer|cake|round|winter|party|anniversary|milestone|lap|page",
        "had": "reached|marked|entered|passed|finished|enjoyed|started|got|had|completed|lived through|blew out|went through",
        "said": "wrote|says|noted|reads|told me|reported|heard|claims|thinks",
        "town": "town|village|capital|port|place|settlement|harbour|resort|quarter|district|suburb|metropolis",
        "place": "house|shop|school|studio|garden|flat|team|club|factory|warehouse|hotel|farm|bakery|museum|lab|cottage|band|library|company|branch|store|boat",
        "moved": "came|walked|flew|travelled|sailed|returned|drove|ran|rode|escaped|emigrated|departed|hurried|rushed|marched|hiked",
        "regards": "best wishes|hello|kisses|news|a postcard|a letter|a photo|love|a song|good morning|a parcel|live|regards|hugs|a call|warm thoughts|pictures|stories",
        "rel": "which lies in|that belongs to|a part of|which belongs to|located in|that is in|in the middle of|which we find in|deep in|right in|in the north of|in the south of|on the coast of|inside|somewhere in",
        "euros": "euros|dollars|coins|pounds|francs|bucks|gold|credits|euro|dollar",
        "you get": "you buy|I sell|we send|they offer|take home|you can take|we give you|he sells|you own|get yourself|we ship|somebody sold|the shop has|you may have|I found",
        "rel it": "it|that|and it|but it|since it|because it|as it|though it|- it|so it|now it",
        "news": "bad news|some news|a word|a note|a question|an update|the latest|nothing new|a message|the truth|an offer|one thing",
        "plan": "plan|announce|book|note|move|prepare|organise|set up|arrange|enter|write down|print|post|fix|put|reserve|cancel|confirm|add",
        "keep": "keep|block|reserve|circle|mark|note|remember|hold|do not forget|write down|underline|think of|pin",
        "will": "will come|can come|say yes|will be there|want to help|take part|come along|are in|have agreed|are invited|will cook|bring food|will speak|signed up|will play|are coming|are the guests",
        "plus": "with|plus|and also|along with|in the company of|featuring|for|- with|and with us|by|thanks to|hosted by|, guests",
        "genre": "book|story|tale|poem|play|comic|saga|diary|text|work|legend|song|classic|thriller|romance|bestseller|epic|drama|mystery|fable|ballad|memoir|report",
        "wrote": "published|made|finished|began|printed|invented|told|composed|started|imagined|dreamt up|penned|created|released|edited|drew|dictated|completed|sold|translated",
        "seen": "do you know|did you see|who has|where is|can I borrow|did you like|who knows|have you got|is this|did you buy|who wants|do they sell|shall we read|would you lend me|why not try|who stole|have you finished",
        "of": "by|from|of|written by|made by|a work by|by the author|by the writer|by our author|from the hand of",
        "from": "from|of|dated|made in|out since|printed in|out in|as old as|around since|published in",
        "open": "look,|well,|yes,|note:|fact:|you know,|hey,|listen:|news:|so|I think|it seems|they say|as you see,|I hear|we heard that|today|yesterday|this week|rumour has it that|my mother says|for the record:|once again,",
        "close": "or so I heard|I guess|as they say|for sure|no joke|believe me|by the way|as promised|it seems|I am told|and that is it|so they say|thank you|you see|as usual|of course|to be exact|more or less|if you ask me",
    }.items()
}

_SENTENCES: dict[str, tuple[str, ...]] = {
    "person": (
        "{=greet} {name}, who is {age} {=years}", "{=greet} {name} ({age}) {=soon}", "a {=who} {=named} {name} ({age} {=years})", "{=det} {=who} {=named} {name}, {age} {=years}", "{name} {=soon} {=had} {=feat} number {age}",
        "{name} {=soon} {=had} year {age}", "{name} {=did} {=soon} at {age}", "{name} {=did}, {age} {=years}", "{name} {=did} and is {age}", "{=det} {=who} {name} {=did} and is {age} {=soon}", "{age} {=years}, {name} {=did}",
        "{name} {=soon} {=did}: {age} {=years}", "{name} {=soon} turned {age}", "{name} {=did} {=soon}. Age: {age}", "at {age} {name} {=did}", "{=det} {=who} of {age}, {name}, {=did}", "with {age} {=years} {name} {=did} {=soon}",
        "{name} {=did} when {name} was {age}", "{name} {=does} {age} candles", "{name} {=does} {=det} {=noun} and is {age}", "{=greet} {=det} {=who} {name}, {=soon} {age}", "number {age} for {name}, who {=did}", "{name} {=did}. {age} {=years} {=soon}",
    ),
    "city": (
        "{=det} {=place} is in {city}, {=rel} {country}", "{=det} {=place} stands in {city}, {=soon} {=rel} {country}", "{=det} {=who} {=moved} from {country}, from the {=town} of {city}", "they {=moved} from {country}, out of the {=town} {city}",
        "she {=moved} from {country}, namely the {=town} of {city}", "{=regards} from {city} in {country}", "{=regards} from {city}, {=rel} {country}", "{=regards} to {city} in {country}", "{city}, {=rel} {country}", "{city} is {=det} {=town} {=rel} {country}",
        "in {country}, in the {=town} of {city}, we {=act}", "we {=act} in {city}, {=det} {=town} in {country}", "they {=act} in {country}, in the {=town} {city}", "{=det} {=who} from {city} in {country} {=did}", "{country} has {=det} {=town} {=named} {city}", "{country} and its {=town} {city}",
        "{=det} {=town} {city} of {country}", "he left {country}, to be exact the {=town} of {city}", "{country}: {=det} {=place} in {city}", "{=det} {=place} {=moved} to {city}, a {=town} {=rel} {country}", "from {country} we {=moved} on, from {city}, {=det} {=town}",
        "{=det} {=who} {=did} in {city} ({country})", "we {=moved} to {country} to see {city}", "to {country}, to the {=town} of {city}", "{=det} {=who} {=did} in {country}, in the {=town} of {city}",
    ),
    "product": (
        "with {price} {=euros} {=you get} the {product}, which {in_stock}", "pay {price} {=euros} and {=you get} the {product}, it {in_stock}", "for {price} {=euros}, {=you get} the {product}, {=rel it} {in_stock}", "at {price} {=euros} {=you get} a {product} that {in_stock}",
        "{=det} {product} at {price} {=euros}, {=rel it} {in_stock}", "two of the {product} at {price} {=euros}, {=rel it} {in_stock}", "{=news} about the {product}: it {in_stock} and makes {price} {=euros}", "{=news} on {=det} {product}: it {in_stock}, {price} {=euros}",
        "{=you get} the {product} for {price} {=euros}, {=rel it} {in_stock}", "{price} {=euros} for {=det} {product}, which {in_stock}", "{price} {=euros}: {=det} {product}. It {in_stock}", "{=det} {product} {in_stock} {=soon} and {price} {=euros} is the price",
        "{=det} {product} {in_stock}, {price} {=euros} {=soon}", "{=det} {=who} paid {price} for the {product}, which {in_stock}", "{=rel it} {in_stock}, {=det} {product} for {price} {=euros}", "{=det} {product} of ours {in_stock}. {price} {=euros} {=soon}",
        "{=det} {=place} sells the {product} at {price} {=euros}, {=rel it} {in_stock}", "only {price} {=euros}! {=you get} the {product}, which {in_stock}",
    ),
    "event": (
        "please {=plan} the {title} on {date}, {attendees} {=will}", "{=plan} the {title} for {date}, {attendees} {=will}", "{attendees} {=act} on {date} for the {title}", "{attendees} {=act} on {date} at the {title}", "{attendees} {=soon} {=act} on {date} because of the {title}",
        "{attendees} {=act} for the {title} on {date}", "{attendees} {=will} on {date}, it is the {title}", "on {date} {attendees} {=act} for the {title}", "{=keep} {date}: {title} {=plus} {attendees}", "{=keep} the day {date}: {title} {=plus} {attendees}", "{=keep} the {title} on {date} {=plus} {attendees}",
        "{date}: {attendees} {=act} at the {title}", "{attendees} {=act}, {date}, {title}", "the {title} {=plus} {attendees} is on {date}", "{=det} {title} on {date}, where {attendees} {=act}", "{attendees} {=will}: the {title}, {date}",
        "if {attendees} {=will}, {=plan} the {title} on {date}", "{attendees} {=act} and {=act} on {date} for the {title}", "{=det} {=who} asked: {attendees} {=act} on {date}? it is for the {title}", "when {attendees} {=act} on {date}, it is the {title}", "{=plan} {date}, the {title}: {attendees} {=will}",
    ),
    "book": (
        "{=seen} {title} {=of} {author}? it is {=from} {year}", "{=seen} {title} {=of} {author}, {=from} {year}", "{=seen} {title}? {author} {=wrote} it in {year}", "{title}, a {=genre} that {author} {=wrote} in {year}", "{title}, {=det} {=genre} {author} {=wrote} in {year}",
        "{title}, {=det} {=genre} {=of} {author} {=from} {year}", "{title} is {=det} {=genre} that {author} {=wrote} in {year}", "{=det} {=genre} {title}, which {author} {=wrote} in {year}", "{author} {=wrote} {=det} {=genre} {title} in {year}", "{author} {=soon} {=wrote} {title} in {year}",
        "in {year} {author} {=wrote} {=det} {=genre}, {title}", "{author} {=did} and {=wrote} {title} in {year}", "{title} ({year}) is {=det} {=genre} {=of} {author}", "{=det} {=who} reads {title}, {=det} {=genre} {author} {=wrote} in {year}", "{title}, {year}: {=det} {=genre} that {author} {=soon} {=wrote}",
        "{title}: {author} {=wrote} it in {year}", "{title} was {=det} {=genre} of {year} that {author} {=wrote}", "{=det} {=genre} of {year}, {title}, {=of} {author}", "{author} is the one who {=wrote} {title} in {year}", "{title} {=from} {year}, which {author} {=wrote}",
    ),
    "pet": (
        "{=det} {animal} {name} {=does} a {colour} {=noun}", "{=det} {animal} {name} {=does} {=det} {colour} {=noun}", "{name}, {=det} {animal}, {=does} a {colour} {=noun}", "{name} {=does} a {colour} {=noun} and is {=det} {animal}", "{name} is {=det} {animal} that {=does} a {colour} {=noun}",
        "{=det} {colour} {animal} {=named} {name}", "{=det} {colour} {animal} {=named} {name} {=did}", "{=det} {animal} {=named} {name} {=did}, it is {colour}", "{=det} {colour} {animal} {name} {=did} {=soon}", "{name} {=did}, {=det} {colour} {animal}", "{name} {=soon} {=did}, {=det} {animal} in {colour}",
        "{=greet} {name}, {=det} {colour} {animal}", "{=greet} {name}, {=det} {animal} that is {colour}", "{=det} {=who} {=does} {=det} {colour} {animal} {=named} {name}", "{=det} {animal} of {=det} {=who} is {colour} and {=named} {name}", "{colour} is the {=noun} of {name}, {=det} {animal}",
        "{=det} {=noun} of {=det} {animal} {name} is {colour}", "{name}'s {=noun} is {colour}, {name} is {=det} {animal}", "{=det} {animal} {name} with its {colour} {=noun} {=did}", "{=det} {colour} one is {name}, {=det} {animal}", "{name} {=did} with {=det} {colour} {=noun}. What {=det} {animal}!",
    ),
}  # fmt: skip
_MORE = {
    "city": (
        ", {=soon} in {}", " and {=did} in {}", ", a {=who} from {}", " with {=det} {=place} in {}", ", home: {}", " and {=moved} to {}", ", at home in {}", " who {=did} in {}", ", from {} {=soon}", ", based in {}",
    ),
    "email": (
        ", mail: {}", ", send it to {}", " and reads {}", " - {}", ", contact {}", ". Write to {}", ", reachable at {}", " with the address {}", ", mail to {} {=soon}", " ({})",
    ),
    "population": (
        ", {} people", ", home to {}", " with {} souls", ", where {} live", " and counts {} people", ", {} inhabitants {=soon}", " ({} people)", ", population: {}", ". {} people {=act} there",
    ),
}  # fmt: skip
_SLOT = re.compile(r"\{=([^}]*)\}")
# What stands behind a name: any word may, so that a name ends there even if the word is a new one.
_BEHIND_NAMES = frozenset(("act", "did", "wrote"))
_ANY_WORD = 0.3


def _filled(rng: Random, text: str) -> str:
    return _SLOT.sub(lambda slot: _word(rng, slot[1]), text)


def _word(rng: Random, kind: str) -> str:
    if kind in _BEHIND_NAMES and rng.random() < _ANY_WORD:
        return words.word(rng)
    return rng.choice(_LISTS[kind])


def sentence(rng: Random, kind: str, values: Mapping[str, str]) -> str:
    """A sentence with each of `values`, the texts of a form's fields."""
    text = _filled(rng, rng.choice(_SENTENCES[kind]))
    if rng.random() < 0.2:
        text = f"{rng.choice(_LISTS['open'])} {text}"
    for field, value in values.items():
        text = text.replace(f"{{{field}}}", value)
    told = list(_MORE if kind == "person" else ("population",))
    rng.shuffle(told)
    for field in told:
        if field in values:
            text += _filled(rng, rng.choice(_MORE[field])).replace("{}", values[field])
    if rng.random() < 0.15:
        text += f", {rng.choice(_LISTS['close'])}"
    return text
