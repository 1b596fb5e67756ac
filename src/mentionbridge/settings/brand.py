"""The tables of a brand: its topics, words, accounts, hours, form and records; and of the desks beside it."""

from datetime import date
from typing import Any, Literal, Self

from pydantic import Field, SecretStr, model_validator

from mentionbridge.settings.section import Section, nearest

Occasion = Literal[
    "acknowledge", "hand_off", "off_hours", "incident", "more_details", "resolved", "personal_data", "praise"
]
Letting = Literal["auto", "approve", "off"]
Address = Literal["formal", "familiar"]
ProofLevel = Literal["none", "weak", "strong"]
Question = Literal["order_number", "model", "place", "phone"]


class TopicSection(Section):
    """Something people complain about: how we name it, and the words that give it away."""

    name: str = Field(min_length=1, max_length=60)
    words: tuple[str, ...] = Field(min_length=1)
    names: dict[str, str] = {}
    questions: tuple[Question, ...] = ()


class FormSection(Section):
    """The private form that an acknowledgement leads to."""

    enabled: bool = False
    colour: str = Field("#1f4e79", pattern=r"^#[0-9a-fA-F]{6}$")
    questions: tuple[Question, ...] = ("phone",)
    days: int = Field(14, ge=1, le=365)
    shows_story: bool = True
    calls_at_once: int = Field(0, ge=0, le=100)
    call_minutes: int = Field(30, ge=5, le=240)
    call_notice_minutes: int = Field(60, ge=0, le=10_080)
    call_days: int = Field(5, ge=1, le=30)
    call_needs: ProofLevel = "none"
    photos_need: ProofLevel = "none"
    outcome_needs: ProofLevel = "weak"
    records_need: ProofLevel = "weak"


class RecordsSection(Section):
    """The address that knows whether a customer holds an account."""

    url: str | None = None
    secret: SecretStr | None = None

    @model_validator(mode="after")
    def _signed(self) -> Self:
        if (self.url is None) != (self.secret is None):
            raise ValueError("`url` and `secret` go together; the secret is whsec_ and base64 of 32 random bytes")
        return self


class PlaceSection(Section):
    """Somewhere people write about: its name, and the words that give it away."""

    name: str = Field(min_length=1, max_length=60)
    words: tuple[str, ...] = Field(min_length=1)


class ProductSection(Section):
    """Something the brand sells, or a part of it: its name, and the words that give it away."""

    name: str = Field(min_length=1, max_length=60)
    words: tuple[str, ...] = Field(min_length=1)


class WordingSection(Section):
    """Phrasings for one occasion in one language."""

    kind: Occasion = "acknowledge"
    lang: str | None = None
    tone: Address | None = None
    texts: tuple[str, ...] = Field(min_length=1)


class TeamSection(Section):
    """Who looks after which topics at which places; none named means all."""

    topics: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


class AccountSection(Section):
    """The brand's presence on one platform."""

    platform: str
    mode: Letting | None = None
    modes: dict[Occasion, Letting] = {}
    poll_seconds: float | None = Field(None, gt=0, le=3600)
    max_ack_age_hours: float = Field(6.0, gt=0, le=168)
    review_from: float | None = Field(None, ge=0, le=1)
    auto_from: float | None = Field(None, ge=0, le=1)
    most_per_hour: int = Field(500, ge=0, le=100_000)
    most_per_author: int = Field(3, ge=0, le=1000)
    draft_hours: float = Field(72.0, gt=0, le=8760)
    spend_per_day: float | None = Field(None, gt=0, le=1_000_000)
    options: dict[str, Any] = {}


class HoursSection(Section):
    """When the desk works: spans such as `09:00-17:00` in the zone's own time; a day left out is closed."""

    time_zone: str = "UTC"
    monday: tuple[str, ...] = ()
    tuesday: tuple[str, ...] = ()
    wednesday: tuple[str, ...] = ()
    thursday: tuple[str, ...] = ()
    friday: tuple[str, ...] = ()
    saturday: tuple[str, ...] = ()
    sunday: tuple[str, ...] = ()
    quiet: tuple[str, ...] = ()
    holidays: str | None = None
    closed: tuple[date, ...] = ()


class TargetsSection(Section):
    """How soon a person's first and next answers are due, in working hours, for tickets of each priority."""

    urgent_first_hours: float = Field(1.0, gt=0, le=10_000)
    urgent_next_hours: float = Field(1.0, gt=0, le=10_000)
    high_first_hours: float = Field(2.0, gt=0, le=10_000)
    high_next_hours: float = Field(4.0, gt=0, le=10_000)
    normal_first_hours: float = Field(8.0, gt=0, le=10_000)
    normal_next_hours: float = Field(8.0, gt=0, le=10_000)
    low_first_hours: float = Field(24.0, gt=0, le=10_000)
    low_next_hours: float = Field(24.0, gt=0, le=10_000)


class HelpdeskSection(Section):
    """A desk that mirrors a brand's tickets."""

    helpdesk: str
    brand: str
    poll_seconds: float | None = Field(None, gt=0, le=3600)
    look_seconds: float | None = Field(None, ge=10, le=86_400)
    options: dict[str, Any] = {}


class RetentionSection(Section):
    """How long words are kept, and what nobody waits for any more, in days."""

    words_days: int | None = Field(None, ge=1, le=36_500)
    payloads_days: int | None = Field(30, ge=1, le=36_500)
    settled_days: int | None = Field(30, ge=1, le=36_500)


class BrandSection(Section):
    """A name we answer for."""

    name: str = Field(min_length=1)
    lang: str = "en"
    languages: tuple[str, ...] = ()
    tone: Address = "formal"
    generic_topic: str | None = None
    generic_topics: dict[str, str] = {}
    reference: bool = False
    topics: dict[str, TopicSection] = {}
    wording: dict[str, WordingSection] = {}
    templates: tuple[str, ...] = ()
    places: dict[str, PlaceSection] = {}
    products: dict[str, ProductSection] = {}
    teams: dict[str, TeamSection] = {}
    hours: HoursSection = HoursSection()
    targets: TargetsSection = TargetsSection()
    retention: RetentionSection = RetentionSection()
    form: FormSection = FormSection()
    records: RecordsSection = RecordsSection()
    accounts: dict[str, AccountSection] = {}

    @model_validator(mode="after")
    def _teams_name_what_exists(self) -> Self:
        for team, section in self.teams.items():
            for kind, named, known in (
                ("topics", section.topics, self.topics),
                ("places", section.places, self.places),
            ):
                if wrong := sorted(set(named) - set(known)):
                    raise ValueError(f"teams.{team}.{kind} names {wrong[0]!r}.{nearest(wrong[0], set(known))}")
        return self
