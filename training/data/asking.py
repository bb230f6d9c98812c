# ruff: noqa: E501 - sentences are data
"""How people ask for what a tool does: the cores that `phrases` puts into frames."""

from __future__ import annotations

from training.data.phrases import Ways

WAYS: dict[str, Ways] = {
    "roll_dice": Ways(
        whole=("{} please", "dice: {}", "roll the dice: {}", "I need a {} roll", "a {} roll please", "who rolls {}?", "what does {} give?", "my character rolls {}", "attack with {}"),
        nouns=("a {} roll", "a roll of {}"),
        deeds=(
            "roll {}", "roll {}", "throw {}", "roll me {}", "roll {} for damage", "make a {} roll", "roll a {}", "do a {} roll", "roll the dice {}", "throw the dice {}",
            "roll {} for my hero", "roll {} to hit", "cast {}", "roll {} for luck", "throw {} for me", "roll {} for my attack", "roll {} for the group",
        ),
    ),
    "calculate": Ways(
        whole=(
            "what is {}?", "how much is {}?", "what's {}?", "{} = ?", "what does {} make?", "{}?", "what do you get for {}?", "how much would {} be?", "what does {} give?",
            "{} is how much?", "what would {} be?", "what comes out of {}?", "{} makes what?", "what is the answer to {}?", "how much does {} make?",
            "the teacher asks {}", "I have to solve {}", "my bill says {}, how much is it?", "the paper says {}, what is it?", "in my book it says {}, how much is that?",
        ),
        clauses=("what {} is", "how much {} is", "what {} makes", "how much {} makes", "what {} gives"),
        nouns=("the result of {}", "{}", "the value of {}", "the answer to {}"),
        deeds=("calculate {}", "compute {}", "work out {}", "solve {}", "evaluate {}", "calculate {} for me", "do the sum {}", "compute the value of {}", "calculate {} for the shop"),
    ),
    "get_current_temperature": Ways(
        whole=(
            "how warm is it in {p}{u}?", "how cold is it in {p}{u}?", "is it hot in {p}{u}?", "how many degrees are there in {p}{u}?", "how hot is it in {p}{u}?",
            "do I need a coat in {p}? Tell me the temperature{u}", "how is the weather in {p}{u}?", "temperature in {p}{u}", "weather in {p}{u}", "is it cold in {p}{u}?",
            "what does the thermometer say in {p}{u}?", "is it warm in {p}{u}?", "is it freezing in {p}{u}?", "{p}, how warm is it there{u}?", "{p}: what is the temperature{u}?",
            "how are the temperatures in {p}{u}?", "what is the weather like in {p}{u}?", "should I wear a coat in {p}? How cold is it{u}?",
        ),
        clauses=(
            "how warm it is in {p}{u}", "how cold it is in {p}{u}", "what the temperature in {p} is{u}", "how hot it is in {p}{u}", "how many degrees there are in {p}{u}",
            "what the temperature is in {p}{u}", "if it is warm in {p}{u}", "what the weather is like in {p}{u}", "how the weather is in {p}{u}", "whether it is cold in {p}{u}",
        ),
        nouns=(
            "the temperature in {p}{u}", "the temperature of {p}{u}", "the current temperature in {p}{u}", "the temperature at {p}{u}", "the weather in {p}{u}",
            "the temperature for {p}{u}", "the degrees in {p}{u}",
        ),
        scenes=(
            ("I'm going to {p} soon", "we fly to {p} tomorrow", "my sister moved to {p}", "I have a meeting in {p}", "we are in {p} next week", "my aunt lives in {p}", "I drive to {p}",
             "they sent me to {p}", "our team plays in {p}", "I will visit {p}", "my train goes to {p}", "I left {p} yesterday",
             "I go to {p}", "I am on my way to {p}", "I walk to {p}", "she drives to {p}", "we travelled to {p}", "tomorrow I am in {p}", "he flew to {p}", "I move to {p}", "we camp near {p}",
             "I ride to {p}", "my parents stay in {p}", "we stop in {p}", "I am packing for {p}", "they travel through {p}", "the bus takes us to {p}", "I have booked a room in {p}", "we hike around {p}",
             "I return to {p}", "she sails to {p}", "my holiday is in {p}", "we head for {p}", "I dream of {p}"),
            ("how warm is it there{u}?", "what's the temperature there{u}?", "is it cold there{u}?", "tell me the temperature there{u}", "how hot is it{u}?", "what is the temperature{u}?",
             "what is the weather like there{u}?", "how many degrees are there{u}?", "what temperature do they have{u}?", "what are the temperatures{u}?", "how cold does it get{u}?",
             "what will I feel there{u}?", "which temperature is it there{u}?", "what is it like outside{u}?"),
        ),
    ),
    "get_current_wind_speed": Ways(
        whole=(
            "how windy is it in {p}?", "how strong is the wind in {p}?", "wind in {p}?", "is it windy in {p}?", "how fast is the wind in {p}?", "does the wind blow in {p}?",
            "can I fly a kite in {p}? How windy is it?", "wind speed {p}", "how hard does the wind blow in {p}?", "is there much wind in {p}?", "is there a storm in {p}? How fast is the wind?",
            "{p}, how windy is it there?", "{p}: how strong is the wind?", "how much wind is there in {p}?", "how fast does the wind blow near {p}?",
        ),
        clauses=(
            "how windy it is in {p}", "how strong the wind is in {p}", "how fast the wind blows in {p}", "what the wind speed in {p} is", "if it is windy in {p}",
            "how hard the wind blows in {p}", "how much wind there is in {p}", "how fast the wind is near {p}",
        ),
        nouns=("the wind speed in {p}", "the wind in {p}", "the wind speed at {p}", "the current wind speed in {p}", "the speed of the wind in {p}", "the wind speed for {p}"),
        scenes=(
            ("I want to surf at {p}", "we sail to {p}", "my kite is in {p}", "I cycle to {p}", "we have a boat in {p}", "I fly to {p} soon", "our tent stands in {p}", "my sister sails at {p}",
             "I walk along the beach of {p}", "the plane lands in {p}", "I row near {p}", "we surf near {p}", "I stand at {p}", "he sailed near {p}", "our boat is near {p}", "I fish near {p}",
             "she kites at {p}", "we row to {p}", "I swim at {p}", "they sail around {p}", "I am at the harbour of {p}", "we race at {p}", "my drone flies over {p}", "I paddle to {p}", "we anchor near {p}"),
            ("how windy is it there?", "how strong is the wind there?", "what is the wind speed?", "is there much wind?", "how fast is the wind there?", "tell me the wind speed"),
        ),
    ),
    "get_current_time": Ways(
        whole=(
            "what time is it in {p}?", "time in {p}?", "how late is it in {p}?", "which time do they have in {p}?", "current time in {p}", "time for {p} please",
            "is it late in {p}? What time is it?", "what does the clock say in {p}?", "what time do they have in {p}?", "is it night in {p}? What time is it there?",
            "{p}, what time is it there?", "{p}: what time is it?", "what hour is it in {p}?", "can I call {p} now? What time is it there?", "what time is it over in {p}?",
        ),
        clauses=("what time it is in {p}", "how late it is in {p}", "what the time is in {p}", "what time they have in {p}", "what the clock says in {p}", "which time it is in {p}"),
        nouns=("the time in {p}", "the local time of {p}", "the current time in {p}", "the time of {p}", "the hour in {p}", "the local time in {p}"),
        scenes=(
            ("my brother is in {p}", "I want to call {p}", "we have a call with {p}", "my boss sits in {p}", "our office is in {p}", "I write to someone in {p}", "my plane lands in {p}",
             "she moved to {p}", "the match is in {p}", "I am online with people from {p}", "my cousin works in {p}", "my uncle lives near {p}", "a client is in {p}", "we chat with {p}",
             "my pen pal writes from {p}", "our server stands in {p}", "her flight leaves {p}", "my family is in {p}", "I study in {p}", "they play from {p}", "the shop is in {p}"),
            ("what time is it there?", "how late is it there?", "what is the time there?", "tell me the time there", "what time do they have?", "is it late there? What time is it?"),
        ),
    ),
    "get_stock_fundamentals": Ways(
        whole=(
            "stock data for {}", "how is the stock {} doing?", "is {} a good stock? Show the figures", "P/E ratio of {}?", "fundamentals for {} please", "stock figures of {}",
            "what is the P/E of {}?", "tell me about the stock {}", "how good is the stock {}?", "what do the figures of {} say?", "how does {} do at the stock market?",
            "I hold {}, what are its fundamentals?", "I bought {}, how is the stock?", "should I buy {}? Show me the stock figures", "my shares are {}, get the fundamentals",
            "how do the fundamentals of {} look?", "{} stock?", "my bank sold me {}, show the stock data",
        ),
        clauses=("how the stock {} is doing", "what the fundamentals of {} are", "how good the stock {} is", "what the stock figures of {} are", "how the shares of {} do"),
        nouns=(
            "the fundamentals of {}", "the stock fundamentals of {}", "the stock data of {}", "stock info for {}", "the {} stock", "the stock fundamentals data for {}", "the key figures of {}",
            "the fundamentals for {}", "the stock figures of {}", "the P/E ratio of {}", "the stock fundamentals data for {c} ({})", "the shares of {}",
        ),
        deeds=("fetch the fundamentals of {}", "look at the stock {}", "get the stock data for {}", "fetch the stock fundamentals data for {}", "fetch the stock fundamentals data for {c} ({})",
               "check the stock {}", "pull up the stock {}"),
    ),
    "web_search": Ways(
        loose=False,
        whole=("web search: {}", "search: {}", "google {}", "what does the web say about {}?", "is there anything online about {}?", "what can you find online about {}?"),
        deeds=(
            "search for {}", "search the web for {}", "google {}", "look up {}", "find {} on the web", "look up {} online", "do a web search for {}", "search {}", "look online for {}",
            "find out about {} online", "search the internet for {}", "search the net for {}", "run a search for {}", "look on the web for {}", "browse for {}", "look for {} online",
            "search online for {}", "start a search for {}", "make a web search for {}",
        ),
    ),
    "remember": Ways(
        loose=False,
        whole=(
            "remember: {}", "don't forget that {}", "save this: {}", "please note: {}", "remember this: {}", "note: {}", "for your notes: {}", "never forget that {}", "this is important, remember: {}",
            "I want you to know for later that {}",
        ),
        deeds=(
            "remember that {}", "remember that {}", "note that {}", "keep in mind that {}", "make a note that {}", "remember for later that {}", "store that {}", "write down that {}",
            "save that {}", "take a note that {}", "put in your notes that {}", "note down that {}", "keep the fact that {}",
        ),
    ),
    "recall": Ways(
        loose=False,
        whole=(
            "what do you remember about {}?", "what did I tell you about {}?", "do you remember anything about {}?", "what is in your notes about {}?", "what do your notes say about {}?",
            "what did we say about {}?", "did I tell you something about {}?", "what have I told you about {}?", "is anything in your notes about {}?", "what did you note about {}?",
            "do your notes have something about {}?", "what was it about {} that I told you?", "anything in your memory about {}?",
        ),
        clauses=("what I said about {}", "what I told you about {}", "what you remember about {}", "what your notes say about {}", "what you noted about {}"),
        deeds=("recall {}", "look in your notes for {}", "check your memory for {}", "search your notes for {}", "go through your notes about {}", "recall what I told you about {}",
               "check your notes about {}", "recall everything about {}", "look up in your notes {}"),
    ),
    "flip_coin": Ways(
        whole=("heads or tails?", "coin flip please", "let a coin decide", "coin toss!", "a coin flip, please", "we need a coin toss", "let the coin decide", "head or tail?",
               "I can't choose, toss a coin", "we cannot agree, throw a coin", "should I go? Flip a coin", "yes or no? Toss a coin", "I don't know, let a coin decide", "a toss of a coin, please"),
        nouns=("a coin flip", "a coin toss", "heads or tails"),
        deeds=("flip a coin", "toss a coin", "throw a coin", "flip the coin", "do a coin toss", "toss the coin", "do a coin flip", "flip a coin and tell me the side", "throw the coin"),
    ),
}  # fmt: skip
