"""The judge that is always on: learned weights where we have them, scored rules for the rest."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from mentionbridge.classify import signals, style
from mentionbridge.classify.features import Pieces, plain
from mentionbridge.classify.judge import RulesJudge, Weighed
from mentionbridge.classify.model import Weights, shipped
from mentionbridge.classify.signals import Signal
from mentionbridge.classify.words import Words
from mentionbridge.domain.second import Second, is_asked

LEARNED = "en"
_REASONS = 8
_WORTH_SAYING = 0.1


class LearnedJudge(RulesJudge):
    """Gives English texts a learned, calibrated number, and reasons that are words of the text.

    Texts in the other languages are judged by the rules. Labels besides complaint, severity and what is risky
    come from the rules everywhere: nobody has data to learn them from.
    """

    def __init__(self, weights: Weights | None = None, second: Second | None = None) -> None:
        super().__init__()
        self.second = second
        self.weights = weights or shipped()
        self._quotable = self.weights.words

    def _weigh(self, words: Words, lang: str, found: Sequence[Signal]) -> Weighed:
        if lang != LEARNED:
            return super()._weigh(words, lang, found)
        pieces, weights = Pieces(plain(words.text)), self.weights
        length = weights.length(pieces.all)
        # A picture is told of apart from the text; nothing was learned of it.
        row = style.row(words, [signal for signal in found if signal.group != "media"])
        complaint = round(weights.probability(weights.score(pieces.all, row, length)), 4)
        reasons = self._reasons(weights.by_word(pieces, length), found)
        weighed = Weighed(complaint, reasons, "learned", weights.version)
        return weighed if self.second is None else _asked_again(self.second, weighed, pieces.said)

    def _reasons(self, parts: Iterable[tuple[str, float]], found: Sequence[Signal]) -> tuple[str, ...]:
        """Return what is risky first, then what weighed most: signals of our lists, and words we know."""
        told = [Signal(each.group, each.seen, self.weights.by_signal(each), each.meaning) for each in found]
        risky = [signal for signal in told if signal.group in signals.RISKY]
        others = [each for each in told if each.group not in signals.RISKY and abs(each.weight) >= _WORTH_SAYING]
        others += self._by_word(parts, told)
        others.sort(key=_size, reverse=True)
        return tuple([str(signal) for signal in [*risky, *others][:_REASONS]])

    def _by_word(self, parts: Iterable[tuple[str, float]], told: Sequence[Signal]) -> list[Signal]:
        quoted = " ".join([signal.seen for signal in told]).casefold()
        summed: dict[str, float] = {}
        for word, part in parts:
            summed[word] = summed.get(word, 0.0) + part
        return [
            Signal("word", f"the word '{word}'", part)
            for word, part in summed.items()
            if abs(part) >= _WORTH_SAYING and word in self._quotable and f"'{word}'" not in quoted
        ]


def _size(signal: Signal) -> float:
    return abs(signal.weight)


def asked_too(second: Second, text: str, first: float) -> float:
    """Return the slower judge's number of a text where the first is not sure of it, else the first's."""
    return second.second(plain(text), first) if is_asked(second, first) else first


def _asked_again(second: Second, weighed: Weighed, said: str) -> Weighed:
    """Ask the slower judge where the first is not sure; the verdict then names both."""
    if not is_asked(second, weighed.complaint):
        return weighed
    complaint = round(second.second(said, weighed.complaint), 4)
    return replace(weighed, complaint=complaint, model="accurate", version=f"{weighed.version}+{second.version}")
