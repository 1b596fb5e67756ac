"""The judge that is always on: learned weights where we have them, scored rules for the rest."""

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter

from mentionbridge.classify import signals, style
from mentionbridge.classify.features import Pieces, plain
from mentionbridge.classify.judge import RulesJudge, Weighed
from mentionbridge.classify.model import Weights, shipped
from mentionbridge.classify.scale import TO_BRANDS, Scale
from mentionbridge.classify.signals import Signal
from mentionbridge.classify.words import Words
from mentionbridge.domain.second import Second, is_asked

LEARNED = "en"
_REASONS = 8
_WORTH_SAYING = 0.1
_Told = tuple[float, float, str, str, float, str]
"""What a reason is made of: the size of its part, the part, and the fields of a signal."""
_SIZE = itemgetter(0)


class LearnedJudge(RulesJudge):
    """Gives English texts a learned, calibrated number, and reasons that are words of the text.

    Texts in the other languages are judged by the rules. Labels besides complaint, severity and what is risky
    come from the rules everywhere: nobody has data to learn them from.
    """

    def __init__(
        self, weights: Weights | None = None, second: Second | None = None, scale: Scale | None = None
    ) -> None:
        super().__init__()
        self.second, self.scale = second, scale
        self.weights = weights or shipped()
        self._version, self._quotable = self.weights.version, self.weights.words
        self._by_group = style.by_group(self.weights.style.tolist())

    def _weigh(self, words: Words, lang: str, found: Sequence[Signal]) -> Weighed:
        weighed = self._learned(words, found) if lang == LEARNED else super()._weigh(words, lang, found)
        if self.scale is None:
            return weighed
        complaint, version = _moved(self.scale, weighed.complaint), weighed.version + TO_BRANDS
        return weighed._replace(complaint=complaint, version=version)

    def again(self, text: str, first: float) -> float:
        """Return a verdict's number for an English text of which the first judge's is known."""
        second, found = self.second, first
        if second is not None and is_asked(second, first):
            found = second.second(plain(text), first)
        return found if self.scale is None else _moved(self.scale, found)

    def _learned(self, words: Words, found: Sequence[Signal]) -> Weighed:
        pieces, weights = Pieces(plain(words.text)), self.weights
        weighed = weights.weigh(pieces.all)
        # A picture is told of apart from the text; nothing was learned of it.
        row = style.row(words, [signal for signal in found if signal.group != "media"])
        complaint = round(weights.probability(weights.score(weighed, row)), 4)
        reasons = self._reasons(weights.by_word(pieces, weighed[1]), found)
        judged = Weighed(complaint, reasons, "learned", self._version)
        return judged if self.second is None else _asked_again(self.second, judged, pieces.said)

    def _reasons(self, parts: Iterable[tuple[str, float]], found: Sequence[Signal]) -> tuple[str, ...]:
        """Return what is risky first, then what weighed most: signals of our lists, and words we know."""
        weighed = [self._by_group.get(each.group, 0.0) * style.added(each) * self.weights.slope for each in found]
        told = [(abs(weight), weight, *each) for weight, each in zip(weighed, found, strict=True)]
        risky = [each for each in told if each[2] in signals.RISKY]
        others = [each for each in told if each[2] not in signals.RISKY and each[0] >= _WORTH_SAYING]
        others += self._by_word(parts, " ".join([each.seen for each in found]).casefold())
        others.sort(key=_SIZE, reverse=True)
        chosen = [*risky, *others][:_REASONS]
        return tuple([signals.told(seen, weight, meaning) for _, weight, _, seen, _, meaning in chosen])

    def _by_word(self, parts: Iterable[tuple[str, float]], quoted: str) -> Iterator[_Told]:
        summed: dict[str, float] = {}
        for word, part in parts:
            if word in self._quotable:
                summed[word] = summed.get(word, 0.0) + part
        for word, part in summed.items():
            if abs(part) >= _WORTH_SAYING and f"'{word}'" not in quoted:
                yield abs(part), part, "word", f"the word '{word}'", part, ""


def _moved(scale: Scale, number: float) -> float:
    return round(scale.moved(number), 4)


def _asked_again(second: Second, weighed: Weighed, said: str) -> Weighed:
    """Ask the slower judge where the first is not sure; the verdict then names both."""
    if not is_asked(second, weighed.complaint):
        return weighed
    complaint = round(second.second(said, weighed.complaint), 4)
    return weighed._replace(complaint=complaint, model="accurate", version=f"{weighed.version}+{second.version}")
