"""English words as a search sees them: cut from text, folded, stemmed, the common ones told apart."""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

_WORD = re.compile(r"[0-9]+(?:[.,][0-9]+)*|[^\W_]+(?:'[^\W_]+)*")
_CONTRACTION = re.compile(r"'(?:s|re|ll|ve|m|d)$")
_VOWEL = re.compile(r"[aeiouy]")

STOP_WORDS: Final = frozenset(
    """
    a about above across after again against ago all almost along already also although always am among an and another
    any anyone anything are arent around as ask at away be became because become been before behind being below between
    both but by came can cannot cant come could couldnt did didnt do does doesnt doing done dont down during each either
    else enough even ever every everyone everything few for from gave get gets getting give given go goes going gone got
    had has have havent having he her here hers him his how however i if im in instead into is isnt it its itself
    just keep kind know known lets let like likely make makes making many may maybe me might mine more most much must my
    myself near nearly need never no nobody nor not nothing now of off often ok on once one only onto or other our out
    over own perhaps please put quite rather really s said say says see seem seems seen shall she should since so some
    someone something sometimes soon still such sure t take taken takes than that the their them then there these they
    thing things this those though through thus to together too took toward towards under until unto up upon us use used
    uses using usually very via want wants was wasnt way ways we well went were what whatever when where whether which
    while who whom whose why will with within without wont would wouldnt yes yet you your yours
    """.split()
)
"""Words so common that they say nothing about the subject of a sentence."""


def _pairs(text: str) -> Mapping[str, str]:
    return {form: word for form, _, word in (pair.partition("/") for pair in text.split())}


_IRREGULAR: Final = _pairs(
    """
    ate/eat began/begin begun/begin bent/bend blew/blow blown/blow bought/buy broke/break broken/break brought/bring
    built/build burnt/burn calves/calf caught/catch children/child chose/choose chosen/choose data/datum died/die
    drank/drink drawn/draw drew/draw driven/drive drove/drive dying/die eaten/eat fallen/fall fed/feed feet/foot
    fell/fall felt/feel flew/fly flight/fly flown/fly forgot/forget forgotten/forget fought/fight found/find
    froze/freeze frozen/freeze geese/goose gravitational/gravity grew/grow grown/grow growth/grow halves/half held/hold
    hid/hide hidden/hide indices/index kept/keep knew/know laid/lay leaves/leaf led/lead left/leave lent/lend lives/life
    loss/lose lost/lose made/make meant/mean men/man met/meet mice/mouse paid/pay people/person proof/prove ran/run
    rang/ring risen/rise rose/rise sang/sing sank/sink sat/sit sent/send shook/shake shot/shoot shown/show slept/sleep
    sold/sell speech/speak spent/spend spoke/speak spoken/speak spun/spin stood/stand struck/strike swam/swim
    swept/sweep swung/swing taught/teach teeth/tooth thought/think threw/throw thrown/throw told/tell
    understood/understand woke/wake woken/wake wolves/wolf women/woman won/win wore/wear worn/wear written/write
    wrote/write
    two/2 three/3 four/4 five/5 six/6 seven/7 eight/8 nine/9 ten/10 eleven/11 twelve/12
    """
)
"""Forms that no suffix rule brings together, and numbers: captions write them either way."""

_MEASURES: Final = _pairs(
    "depth/deep height/high length/long speed/fast strength/strong warmth/warm weight/heavy width/wide"
)
"""Nouns to the adjectives that they measure: people ask `how deep` where a speaker says `the depth`."""

_BRITISH: Final = (("our", "or"), ("tre", "ter"), ("ise", "ize"), ("yse", "yze"), ("logue", "log"))
_SUFFIXES: Final = (
    *("ization", "isation", "ements", "ation", "ition", "ement", "ator"),
    *("ating", "ance", "ancy", "ence", "ency", "ment", "ness", "able", "ated", "ible"),
    *("ing", "ion", "ful", "est", "ate", "ant", "ent", "ity", "ive", "ize"),
    *("ed", "er", "or", "en", "ly", "al", "ic"),
)
_SHORTEST_STEM: Final = 3
_SHORTEST_BRITISH: Final = 5


def tokenise(text: str) -> list[str]:
    """The words of `text` in lower case, without accents; `384,400` becomes one word, and so does `don't`."""
    return [_plain(word) for word in _WORD.findall(_folded(text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")))]


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def _plain(word: str) -> str:
    return word if word.isalpha() else _CONTRACTION.sub("", word).replace("'", "").replace(",", "")


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """A key that the forms of a word share (`tides`, `tide`, `tidal`); not always a word itself.

    Rules only, so unrelated words can meet (`station`, `state`); ranking weighs that against what else matches.
    """
    word = _singular(_IRREGULAR.get(word, word))
    word = _MEASURES.get(word, word)
    if len(word) <= _SHORTEST_STEM or not word.isalpha():
        return word
    if len(word) >= _SHORTEST_BRITISH:
        for british, american in _BRITISH:
            if word.endswith(british):
                word = word.removesuffix(british) + american
    shorter = _without_suffix(word)
    while shorter != word:
        word = _MEASURES.get(shorter, shorter)
        shorter = _without_suffix(word)
    return _undouble(word.rstrip("eiy") if len(word) > _SHORTEST_STEM else word)


def _singular(word: str) -> str:
    if len(word) <= _SHORTEST_STEM or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("sses", "ches", "shes", "xes", "zes", "oes")):
        return word[:-2]
    return word[:-1]


def _without_suffix(word: str) -> str:
    for suffix in _SUFFIXES:
        if word.endswith(suffix):
            rest = word.removesuffix(suffix)
            if len(rest) >= _SHORTEST_STEM and _VOWEL.search(rest):
                return _undouble(rest)
    return word


def _undouble(word: str) -> str:
    if len(word) > _SHORTEST_STEM and word[-1] == word[-2]:
        return word[:-1]
    return word
