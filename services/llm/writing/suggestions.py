"""Questions to begin with, made of a transcript's own words, and only such as our own ranking finds answered there."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from services.llm.chat_model import ChatTurn, Segment
from services.llm.passages import find_passages
from services.llm.questions import read_question
from services.llm.ranking import Ranking
from services.llm.sentences import Sentence, split_sentences
from services.llm.words import STOP_WORDS, stem, tokenise
from services.llm.writing.drafts import QUESTIONS, Unusable, check_questions

_CANDIDATES: Final = 12
"""Of each kind, the best are tried: each try ranks the whole transcript."""
_AROUND: Final = 2
"""How many sentences from its source an answer may lie."""
_FEWEST_MENTIONS: Final = 3
_FEWEST_INTRODUCED: Final = 2
_FEWEST_FAMILIAR: Final = 2
_SHORTEST_WORD: Final = 3
_PHRASE_BONUS: Final = 2.0
_BARE_FACTOR: Final = 0.4
"""Two words that never have an article may be no name at all."""
_ARTICLES: Final = ("a ", "an ", "the ")

_REASON: Final = re.compile(r"^(?P<clause>[^,;:]{15,90}?),? because [^?]+\.$")
_LEADS: Final = re.compile(r"^(?:(?:and|but|so|now|then|yet|in fact|of course|again|remember that),? )+", re.IGNORECASE)
_AUXILIARY: Final = re.compile(
    r"^(?P<subject>.+?) (?P<verb>is|are|was|were|has|have|had|can|could|must|should|may|might|will|would) (?P<rest>.+)$"
)
_DETERMINED: Final = re.compile(r"(?:the|an?|some|many|most|all|every|each)\b", re.IGNORECASE)
_UNCLEAR: Final = re.compile(
    r"\b(?:he|her|here|him|his|i|it|its|let|me|my|our|she|that|their|them|then|there|these|they|this|those|today|tonight"
    r"|us|we|which|who|you|your|another|such|other|same|former|latter|again|also|simply|only|not|never)\b"
    r"|^(?:about|after|as|at|before|by|even|for|from|if|in|less|more|of|on|to|when|with)\b",
    re.IGNORECASE,
)
_NAMED: Final = re.compile(
    r"\b(?:called|known as|what we call)\s+(?P<term>(?:(?:the|an?)\s+)?[\w'-]+(?:\s[\w'-]+){0,2}?)"
    r"(?=[,.;:?!]|\s(?:after|and|are|at|because|by|for|from|in|is|on|or|that|to|when|where|which)\b|$)",
    re.IGNORECASE,
)
_ARTICLE: Final = re.compile(r"^(?:the|an?)\s+", re.IGNORECASE)
_WORD: Final = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
_DETERMINERS: Final = frozenset("a an the each every this that its their our his her of with by for into from".split())
_NO_SUBJECT: Final = re.compile(
    r"(?:two|three|four|five|six|seven|eight|nine|ten|hundred|half|last|next|previous|small|large|big|great|single|whole|full"
    r"|new|old|good|best|main|far|near|early|late|right|left|long|short|different|certain|kind|sort|number|way|thing|part"
    r"|degree|second|minute|hour|day|week|month|year|time|metre|meter|kilometre|percent|celsius|fahrenheit|lecture|section"
    r"|talk|question|answer|example|people|person|\w+(?:er|est))s?",
    re.IGNORECASE,
)
_ASKING: Final = frozenset(map(stem, ("mean", "speaker", "video")))
_NO_NOUN: Final = re.compile(r"(?:able|al|ed|ful|ic|ing|ive|less|ly|ous|ary|n't)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Idea:
    """A question, the sentence that it was made of, and how much the video dwells on what it asks."""

    text: str
    source: int
    worth: float
    pair: tuple[str, str] | None = None
    """What an answer may say elsewhere as well."""


Mentions = Counter[tuple[str, ...]]


def suggest_questions(title: str, segments: Sequence[Segment]) -> list[str] | None:
    """Three, in the order in which the video answers them; None when it does not offer as many. Burns CPU."""
    ranking = Ranking(split_sentences(segments))
    mentions = _mentions(ranking.sentences)
    names = _names(ranking.sentences)
    reasons, terms, subjects = (
        sorted(ideas, key=lambda idea: (-idea.worth, idea.source))[:_CANDIDATES]
        for ideas in (
            _reasons(ranking, mentions, names),
            _terms(ranking, mentions, names),
            _subjects(ranking, mentions, names),
        )
    )
    chosen: list[_Idea] = []
    # One of each kind where there is one, and then whatever is left.
    for ideas, count in ((reasons, 1), (terms, 1), (subjects, QUESTIONS), (terms, QUESTIONS), (reasons, QUESTIONS)):
        most = min(QUESTIONS, len(chosen) + count)
        for idea in ideas:
            if len(chosen) < most and _is_new(idea, chosen) and _is_answered(idea, title, ranking):
                chosen.append(idea)
    try:
        return check_questions([idea.text for idea in sorted(chosen, key=lambda idea: idea.source)])
    except Unusable:
        return None


def _reasons(ranking: Ranking, mentions: Mentions, names: frozenset[str]) -> list[_Idea]:
    """Of sentences that say why something is so."""
    central = ranking.centrality()
    ideas: list[_Idea] = []
    for place, sentence in enumerate(ranking.sentences):
        found = _REASON.match(_LEADS.sub("", sentence.text))
        if found is None or _UNCLEAR.search(found["clause"]):
            continue
        familiar = {term for term in _content(found["clause"]) if mentions[term,] >= _FEWEST_MENTIONS}
        text = _why(_lowered(found["clause"], names))
        if text is not None and len(familiar) >= _FEWEST_FAMILIAR:
            ideas.append(_Idea(text=text, source=place, worth=central[place]))
    return ideas


def _why(clause: str) -> str | None:
    """The clause as a question; None where it may be no statement at all."""
    statement = _AUXILIARY.match(clause)
    if statement is not None:
        return f"Why {statement['verb']} {statement['subject']} {statement['rest']}?"
    return f"Why is it that {clause}?" if _DETERMINED.match(clause) else None


def _terms(ranking: Ranking, mentions: Mentions, names: frozenset[str]) -> list[_Idea]:
    """Of terms that the video introduces, and uses again."""
    words_alone = Counter(word for sentence in ranking.sentences for word in tokenise(sentence.text))
    ideas: list[_Idea] = []
    for place, sentence in enumerate(ranking.sentences):
        for found in _NAMED.finditer(sentence.text):
            words = tokenise(_ARTICLE.sub("", found["term"]))
            # A single word by itself: its stem it shares with words that mean something else.
            times = words_alone[words[0]] if len(words) == 1 else mentions[tuple(map(stem, words))]
            if (
                times < _FEWEST_INTRODUCED
                or any(word in STOP_WORDS for word in words)
                or _NO_SUBJECT.fullmatch(words[-1])
            ):
                continue
            text = f"What does the speaker mean by {_lowered(found['term'], names)}?"
            worth = times * (_PHRASE_BONUS if len(words) > 1 else 1.0)
            ideas.append(_Idea(text=text, source=place, worth=worth))
    return ideas


def _subjects(ranking: Ranking, mentions: Mentions, names: frozenset[str]) -> list[_Idea]:
    """Of pairs of words that return and look like the name of a thing."""
    seen: defaultdict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
    for place, sentence in enumerate(ranking.sentences):
        for before, first, second in _pairs(sentence.text):
            if before in _DETERMINERS:
                form = _lowered(_with_article(before, first, second), names)
                seen[stem(first.lower()), stem(second.lower())].append((place, form))
    ideas: list[_Idea] = []
    for pair, places in seen.items():
        if mentions[pair] >= _FEWEST_MENTIONS:
            counted = Counter(form for _, form in places)
            form = max(counted, key=lambda form: (form.startswith(_ARTICLES), counted[form]))
            text = f"What does the video say about {form}?"
            is_bare = not form.startswith(_ARTICLES) and not form.endswith("s")
            worth = mentions[pair] * (_BARE_FACTOR if is_bare else 1.0)
            ideas.append(_Idea(text=text, source=places[0][0], worth=worth, pair=pair))
    return ideas


def _with_article(before: str, first: str, second: str) -> str:
    is_plural = second.endswith("s") and not second.endswith("ss")
    return f"{before} {first} {second}" if before in {"a", "an", "the"} and not is_plural else f"{first} {second}"


def _pairs(text: str) -> Iterator[tuple[str, str, str]]:
    """Neighbouring words with nothing but a space between them, and the word before; only such as may be nouns."""
    for piece in re.split(r"[^\w\s'\u2019-]+", text):
        words = _WORD.findall(piece)
        for before, (first, second) in zip(words, pairwise(words[1:]), strict=False):
            if _may_name(first) and _may_name(second) and not _NO_NOUN.search(second):
                yield before.lower(), first, second


def _may_name(word: str) -> bool:
    is_common = word.lower() in STOP_WORDS or _NO_SUBJECT.fullmatch(word) is not None
    return word.isalpha() and len(word) >= _SHORTEST_WORD and not is_common


def _mentions(sentences: Sequence[Sentence]) -> Mentions:
    """How often each run of one to three words stands anywhere."""
    counted = Mentions()
    for sentence in sentences:
        stems = [stem(word) for word in tokenise(sentence.text)]
        for length in (1, 2, 3):
            counted.update(tuple(stems[at : at + length]) for at in range(len(stems) - length + 1))
    return counted


def _names(sentences: Sequence[Sentence]) -> frozenset[str]:
    """Words that have a capital where no sentence begins."""
    words = (word for sentence in sentences for word in _WORD.findall(sentence.text)[1:])
    return frozenset(word for word in words if not word.islower())


def _lowered(text: str, names: frozenset[str]) -> str:
    """As it stands within a sentence."""
    first = _WORD.match(text)
    return text if first is not None and first[0] in names else text[:1].lower() + text[1:]


def _is_new(idea: _Idea, chosen: Sequence[_Idea]) -> bool:
    """Whether it asks of something else than those before."""
    own = _content(idea.text)
    return all(not own & _content(other.text) for other in chosen)


def _content(text: str) -> set[str]:
    return {stem(word) for word in tokenise(text) if word not in STOP_WORDS} - _ASKING


def _is_answered(idea: _Idea, title: str, ranking: Ranking) -> bool:
    question = read_question([ChatTurn(role="user", content=idea.text)], title)
    if not question.terms:
        return False
    near = range(idea.source - _AROUND, idea.source + _AROUND + 1)
    for passage in find_passages(question, ranking):
        said = " ".join(ranking.sentences[place].text for place in range(passage.first, passage.last + 1))
        if passage.main in near or (idea.pair and set(idea.pair) <= {stem(word) for word in tokenise(said)}):
            return True
    return False
