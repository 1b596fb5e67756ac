"""What callers ask of an incident: what is wrong, for whom, and the news."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AwareDatetime, Field, model_validator

from mentionbridge.web.asked import KIM, Acted, Named, Tag, example, plain

Title = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(plain)]
Said = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(plain)]
Lang = Annotated[str, Field(pattern="^[a-z]{2,3}$")]
News = Annotated[dict[Lang, Said], Field(min_length=1, max_length=20)]
Keys = Annotated[list[Named], Field(max_length=100)]
Moment = Annotated[AwareDatetime, Field(strict=False)]


class NewIncident(Acted):
    """What is wrong, in `news` by language; `lang` is that of whoever speaks none of them, unset the brand's own.

    Unfinished tickets told since `since` (unset, a day ago) of these topics and places are in it, and what comes until
    `until`. One of the two lists may be empty: it then narrows nothing.
    """

    model_config = example(
        actor=KIM,
        brand="acme",
        title="the harbour depot",
        news={"en": "The harbour depot has lost its power; parcels move again tomorrow."},
        topics=["parcel"],
    )

    brand: Tag
    title: Title
    news: News
    lang: Lang | None = None
    topics: Keys = Field(default_factory=list)
    places: Keys = Field(default_factory=list)
    since: Moment | None = None
    until: Moment | None = None


class ChangedIncident(Acted):
    """What to change about an open incident; what is left out stays. Closed so, nobody is told another word."""

    model_config = example(actor=KIM, title="the harbour depot and its vans")

    title: Title | None = None
    topics: Keys | None = None
    places: Keys | None = None
    until: Moment | None = None
    state: Literal["closed"] | None = None

    @model_validator(mode="after")
    def _only_what_may_be_empty(self) -> Self:
        for name in self.model_fields_set - {"until", "actor"}:
            if getattr(self, name) is None:
                raise ValueError(f"`{name}` cannot be empty; leave it out to keep it")
        return self


class Broadcast(Acted):
    """Newer news by language; `fixed` when they are the last, which closes the incident."""

    model_config = example(actor=KIM, news={"en": "The power is back; your parcel leaves tonight."})

    news: News
    fixed: bool = False
