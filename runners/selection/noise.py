"""Text whose worth is known because it was made: what a web corpus holds too much of.

Two groups of kinds with nothing in common. `SEEN` may train a rater; `UNSEEN` is what it is tested on. Some kinds are
made from a clean text, some from nothing. All take a generator and give the same text for the same state of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

Make = Callable[[str, Random], str]  # a clean text, which some kinds start from

# --- unseen: what a rater is tested on ---

_NAMES = ("Larkfield", "Orbis", "Pinecrest", "Quillon", "Marrow & Dale", "Tessaly", "Northgate", "Bluewater")
_LEGAL = (
    "All rights reserved by {name} and its affiliates.",
    "By continuing to use this site you agree to the terms of service and the privacy policy of {name}.",
    "No part of this page may be reproduced without the prior written consent of {name}.",
    "We use cookies to improve your experience and to measure how this site is used.",
    "The trademarks shown on this page are the property of their respective owners.",
    "Your personal data will be processed in accordance with our privacy policy.",
    "{name} accepts no liability for any loss or damage arising from the use of this information.",
    "You can withdraw your consent at any time in the settings of your account.",
    "Please read these terms carefully; your use of the service means that you accept them.",
    "Links to other sites are provided for convenience, and {name} is not responsible for their content.",
    "These conditions are governed by the laws of the country in which {name} has its seat.",
    "Requests for the deletion of personal data can be sent to {name} in writing.",
)
_EMPTY = (
    "There are many things to consider when it comes to this topic.",
    "Everyone knows how important it is to make the right choice.",
    "In this day and age, things are changing faster than ever before.",
    "At the end of the day, it all depends on what you are looking for.",
    "Some people like it one way, while others prefer it another way.",
    "It is always a good idea to think about what really matters.",
    "There is something for everyone, no matter who you are.",
    "With so many options out there, it can be hard to know where to begin.",
    "The most important thing is to find what works best for you.",
    "As we all know, the future is full of possibilities.",
    "Whatever you decide, remember that every journey starts with a single step.",
    "This is something that many people have been talking about lately.",
    "When all is said and done, it is about making a difference.",
    "You will be amazed at how much of a difference the little things can make.",
    "Of course, there are two sides to every story.",
)
_QUESTIONS = (
    "How much does it cost?", "Can I bring one too?", "What did she say then?", "Is it still the same one?",
    "Does anybody know?", "Where did you get that?", "Why would they do this?", "Which one should I take?",
    "Is this normal?", "How long does it take?", "What should I do now?", "Has anyone tried the other one?",
    "Who else has this problem?", "When will it be back?", "Would you do it again?", "Is there a way around it?",
    "What happened to the old one?", "Are you sure about that?", "Can somebody help me with it?", "Do I need both?",
)  # fmt: skip


def boilerplate(text: str, rng: Random) -> str:
    return " ".join(rng.sample(_LEGAL, rng.randint(3, 5))).format(name=rng.choice(_NAMES))


def empty(text: str, rng: Random) -> str:
    """Fluent sentences that say nothing."""
    return " ".join(rng.sample(_EMPTY, rng.randint(3, 5)))


def questions(text: str, rng: Random) -> str:
    """Questions whose context is missing."""
    return " ".join(rng.sample(_QUESTIONS, rng.randint(7, 12)))


def repetition(text: str, rng: Random) -> str:
    """A sentence or half of one, over and over."""
    words = text.split()
    size = rng.randint(6, 14)
    start = rng.randrange(max(1, len(words) - size))
    piece = " ".join(words[start : start + size])
    return " ".join([piece[:1].upper() + piece[1:]] * rng.randint(4, 6))


# --- seen: what may train a rater ---

_MENU = ("Home", "About", "Login", "Cart", "Search", "Contact", "Next", "Previous", "Menu", "Reply", "Like", "Archive")
_TAGS = ("div", "span", "li", "td", "a", "section")


def shuffled(text: str, rng: Random) -> str:
    """The same words in no order."""
    words = text.split()
    rng.shuffle(words)
    return " ".join(words)


def garbled(text: str, rng: Random) -> str:
    """Letters read wrongly, as a scan of bad quality has them."""
    swaps = {"e": "c", "l": "1", "o": "0", "m": "rn", "h": "b", "i": "j", "a": "@", "s": "5", "t": "f"}
    return "".join(swaps[c] if c in swaps and rng.random() < 0.3 else c for c in text)


def markup(text: str, rng: Random) -> str:
    """What is left of a page when its text is gone."""
    parts = []
    for _ in range(rng.randint(7, 12)):
        tag = rng.choice(_TAGS)
        parts.append(f'<{tag} class="{rng.choice(_TAGS)}-{rng.randint(1, 99)}">{rng.choice(_MENU)}</{tag}>')
    return " ".join(parts)


def menu(text: str, rng: Random) -> str:
    """Links and counters without a sentence."""
    return " ".join(f"{rng.choice(_MENU)} {rng.choice(('|', '>', '·', str(rng.randint(1, 300))))}" for _ in range(24))


def spliced(text: str, rng: Random) -> str:
    """Pieces of a text that begin and end anywhere, in the wrong order."""
    words = text.split()
    size = max(3, len(words) // 8)
    pieces = [words[start : start + size] for start in range(0, len(words), size)]
    rng.shuffle(pieces)
    return " ".join(word for piece in pieces for word in piece)


def figures(text: str, rng: Random) -> str:
    """A table without its headings."""
    return " ".join(
        f"{rng.uniform(0, 10 ** rng.randint(0, 4)):.{rng.randint(0, 3)}f}" for _ in range(rng.randint(25, 45))
    )


_CHAT = (
    "lol yes that was so funny", "thanks so much for sharing this", "first!!", "omg I love it", "same here tbh",
    "great post, keep it up", "haha you made my day", "I totally agree with you guys", "not sure if serious",
    "wow just wow", "miss you all, see you soon", "cool pics btw", "sorry I was late to the party", "+1 from me",
)  # fmt: skip
_ADVERT = (
    "Buy one and get one free, this week only!", "Order now and save up to {n} percent on selected items.",
    "Free shipping on all orders over {n} dollars.", "Hurry, only {n} left in stock!",
    "Our best price ever: now just {n}.99!", "Shop the new collection before it is gone.",
    "Rated {n} out of 100 by thousands of happy customers.", "Click here to claim your discount today.",
    "Limited edition, available in {n} colours.", "The perfect gift for the whole family.",
)  # fmt: skip
_HEADS = (
    "{n} Tricks That Will Change Your Life", "You Won't Believe What Happened Next", "Top {n} Celebrity Looks",
    "Local Man Wins Big", "The Secret They Don't Want You to Know", "This Simple Habit Will Shock You",
    "{n} Reasons to Smile Today", "What Your Sign Says About You", "Fans React to Surprise Ending",
    "Watch: The Cutest Video Ever", "Why Everyone Is Talking About This", "{n} Photos You Have to See",
)  # fmt: skip


def chatter(text: str, rng: Random) -> str:
    """Comments under something that is not there."""
    return " ".join(f"{one}{rng.choice(('', '!', '...', ' :)'))}" for one in rng.sample(_CHAT, rng.randint(5, 9)))


def advert(text: str, rng: Random) -> str:
    return " ".join(one.format(n=rng.randint(2, 99)) for one in rng.sample(_ADVERT, rng.randint(4, 7)))


def headlines(text: str, rng: Random) -> str:
    """Titles whose articles are missing."""
    return " ".join(one.format(n=rng.randint(3, 50)) for one in rng.sample(_HEADS, rng.randint(5, 9)))


UNSEEN: dict[str, Make] = {
    "boilerplate": boilerplate, "empty": empty, "questions": questions, "repetition": repetition,
}  # fmt: skip
SEEN: dict[str, Make] = {
    "shuffled": shuffled, "garbled": garbled, "markup": markup, "menu": menu, "spliced": spliced, "figures": figures,
    "chatter": chatter, "advert": advert, "headlines": headlines,
}  # fmt: skip


def near_duplicate(text: str, rng: Random, share: float = 0.06) -> str:
    """The same text with a word in twenty gone, doubled or changed places: clean by itself, and worth nothing twice."""
    words = text.split()
    for _ in range(max(1, round(share * len(words)))):
        place = rng.randrange(len(words) - 1)
        change = rng.randrange(3)
        if change == 0 and len(words) > 5:
            del words[place]
        elif change == 1:
            words.insert(place, words[place])
        else:
            words[place], words[place + 1] = words[place + 1], words[place]
    return " ".join(words)


# --- a topic that fills a corpus: made by one program from a table ---

_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_SKY = ("cloudy", "clear", "overcast", "misty", "rainy", "bright", "stormy", "hazy")
_WIND = ("north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest")
_OFTEN = (16, 8, 4, 2, 1, 1, 1, 1)  # some weather is usual, so that the topic is crowded in places and thin in others
_WEATHER = (
    "The weather in the valley on {day} will be {sky} with a high of {high} degrees and a low of {low} degrees.",
    "Winds blow from the {wind} at {speed} kilometres an hour, and there is a {chance} percent chance of rain in the "
    "{part}.",
)


def weather(rng: Random) -> str:
    """A forecast for a valley that there is not: a row of a table in one sentence or two."""
    low = rng.randint(-5, 18)
    return " ".join(_WEATHER[: 1 + (rng.random() < 0.7)]).format(
        day=rng.choice(_DAYS), sky=rng.choices(_SKY, _OFTEN)[0], high=low + rng.randint(3, 12), low=low,
        wind=rng.choices(_WIND, _OFTEN)[0], speed=rng.randint(3, 60), chance=5 * rng.randint(1, 19),
        part=rng.choice(("morning", "afternoon", "evening")),
    )  # fmt: skip


def pick(texts: Sequence[str], count: int, rng: Random) -> list[str]:
    """So many of them in a random order, none twice while there are others."""
    found: list[str] = []
    while len(found) < count:
        found += rng.sample(texts, min(len(texts), count - len(found)))
    return found
