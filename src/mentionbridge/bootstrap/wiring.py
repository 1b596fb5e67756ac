"""The rooms put together: the only package that names adapters."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from sqlalchemy.engine import make_url

from mentionbridge.bootstrap.judging import make_judge
from mentionbridge.bootstrap.timing import make_timing
from mentionbridge.bootstrap.wording import check_wording
from mentionbridge.classify.model import Weights, read, shipped
from mentionbridge.classify.scale import usual_thresholds
from mentionbridge.domain.account import Account, Brand, Mode, Team, Thresholds
from mentionbridge.domain.errors import SetupError
from mentionbridge.domain.handoff import CallTerms, FormTerms, Needs, Proof
from mentionbridge.domain.verdict import Place, Product, Topic
from mentionbridge.domain.wording import Kind, Tone, Wording
from mentionbridge.feed.delivery import TIMEOUT, HttpCourier
from mentionbridge.helpdesks import named as desk_named
from mentionbridge.helpdesks.plug import DeskTools
from mentionbridge.kit.clock import Clock, SystemClock
from mentionbridge.kit.ids import Ids
from mentionbridge.net.client import Http, in_process
from mentionbridge.net.guard import AddressGuard
from mentionbridge.net.limits import Pace
from mentionbridge.net.media import GuardedMediaFetcher
from mentionbridge.net.records import HttpRecords
from mentionbridge.pipeline.bridge import Bridge, Connected, Keeping, LinkedDesk
from mentionbridge.platforms import named
from mentionbridge.platforms.plug import Asgi, Network, Tools
from mentionbridge.ports.observer import Observer
from mentionbridge.ports.records import Records
from mentionbridge.ports.store import Queue
from mentionbridge.ports.vault import Vault
from mentionbridge.rules.linting import check_words
from mentionbridge.settings import (
    AccountSection,
    BrandSection,
    HelpdeskSection,
    RetentionSection,
    Settings,
    plug_options,
)
from mentionbridge.store.engines import Engine
from mentionbridge.store.migrate import require_head, upgrade
from mentionbridge.store.presence import present
from mentionbridge.store.sealed import Sealer, load_or_make, momentary
from mentionbridge.store.tokens import StoredTokens
from mentionbridge.store.unit_of_work import SqlStore
from mentionbridge.store.vault import AccountVault, EmptyVault
from mentionbridge.telemetry.metrics import Metrics
from mentionbridge.telemetry.watcher import Watcher
from mentionbridge.text.language import primary
from mentionbridge.worker.handlers import HANDLERS
from mentionbridge.worker.loop import Worker


@dataclass(frozen=True)
class App:
    """Everything of one process, wired and not yet running."""

    settings: Settings
    engine: Engine
    store: SqlStore
    bridge: Bridge
    networks: Mapping[str, Network]
    metrics: Metrics
    sealer: Sealer
    courier: HttpCourier

    @property
    def tokens(self) -> StoredTokens:
        """The access tokens of this database."""
        return StoredTokens(self.engine, self.bridge.ids)

    @cached_property
    def pages(self) -> Mapping[str, Asgi]:
        """The plugs' own pages, by platform name."""
        found = {name: network.pages() for name, network in self.networks.items()}
        return {name: pages for name, pages in found.items() if pages is not None}

    def worker(self) -> Worker:
        """Make this process's worker."""
        section = self.settings.worker
        return Worker(
            self.bridge,
            lease_seconds=section.lease_seconds,
            tick_seconds=section.tick_seconds,
            grace_seconds=section.grace_seconds,
        )

    async def aclose(self) -> None:
        """Let go of everything, platforms first."""
        for connected in self.bridge.connected.values():
            await connected.platform.aclose()
        for network in self.networks.values():
            await network.aclose()
        for desk in self.bridge.desks.values():
            await desk.helpdesk.aclose()
        for records in self.bridge.records.values():
            await records.aclose()
        await self.courier.aclose()
        await self.engine.aclose()


@asynccontextmanager
async def opened(
    settings: Settings, *, clock: Clock | None = None, observer: Observer | None = None, migrate: bool | None = None
) -> AsyncIterator[App]:
    """Wire an app over its database; the embedded default brings its own database up to date first."""
    engine = Engine(settings.database.url)
    if engine.embedded if migrate is None else migrate:
        await upgrade(settings.database.url)
    else:
        await require_head(settings.database.url)
    app = build(settings, engine, clock or SystemClock(), observer)
    try:
        async with present(engine):
            yield app
    finally:
        await app.aclose()


def build(
    settings: Settings, engine: Engine, clock: Clock, observer: Observer | None = None, *, looking: bool = False
) -> App:
    """Wire everything; opens no connection. While only `looking`, nothing is made on disk, not even a key file."""
    metrics = Metrics()
    keyless = looking and _makes_key(settings)
    sealer = momentary() if keyless else open_sealer(settings)
    ids = Ids(clock)
    store = SqlStore(engine, clock, ids, sealer)
    guard = AddressGuard(settings.net.allow_networks)
    net = _net(settings)
    networks = start_networks(settings, clock, looking=looking)
    courier = HttpCourier(guard, clock, **{**net, "timeout": _courier_timeout(settings)})
    brands = {brand_id: make_brand(brand_id, section) for brand_id, section in settings.brands.items()}
    judge = make_judge(settings.judge, read_weights(settings.judge.weights))
    vault_of = partial(_vault, engine, None if keyless else sealer)
    connected = connect_accounts(settings, networks, vault_of, usual_thresholds(judge.second, judge.scale))
    check_wording(brands, connected)
    bridge = Bridge(
        store=store,
        clock=clock,
        ids=ids,
        judge=judge,
        courier=courier,
        media=GuardedMediaFetcher(guard, clock, **net, in_process=_own_pages(settings, networks)),
        observer=observer or Watcher(metrics),
        brands=brands,
        connected=connected,
        public_url=settings.server.public_url,
        timing={brand_id: make_timing(brand_id, section) for brand_id, section in settings.brands.items()},
        keeping={brand_id: _keeping(section.retention) for brand_id, section in settings.brands.items()},
        desks=link_desks(settings, clock),
        records=_records(settings, clock, net),
    )
    return App(settings, engine, store, bridge, networks, metrics, sealer, courier)


def read_weights(file: Path | None) -> Weights:
    """Read what posts are judged by; without a file, what the package ships."""
    if file is None:
        return shipped()
    try:
        return read(file)
    except (ValueError, OSError, EOFError, BadZipFile) as error:
        raise SetupError(f"The weights file {file} cannot be read: {error}.") from error


def _keeping(section: RetentionSection) -> Keeping:
    kept = (section.words_days, section.payloads_days, section.settled_days)
    return Keeping(*(timedelta(days=days) if days else None for days in kept))


def _net(settings: Settings) -> dict[str, Any]:
    ca_file = settings.net.ca_file
    return {
        "proxy": settings.net.proxy,
        "ca_file": str(ca_file) if ca_file else None,
        "timeout": settings.net.timeout_seconds,
    }


def _courier_timeout(settings: Settings) -> float:
    """A delivery ends, well or not, before its endpoint's lease does."""
    lease = settings.worker.lease_seconds * HANDLERS[Queue.DELIVER].patience
    return min(settings.net.timeout_seconds, TIMEOUT, lease * 0.6)


def open_sealer(settings: Settings) -> Sealer:
    """Open the key file; beside an embedded database it is made on first use."""
    if settings.secrets.key_file is not None:
        return load_or_make(settings.secrets.key_file, make=False)
    if not _is_embedded(settings):
        raise SetupError(
            "secrets.key_file is required with PostgreSQL; make one with `mentionbridge doctor --make-key FILE`."
        )
    return load_or_make(key_path(settings), make=True)


def _makes_key(settings: Settings) -> bool:
    """True when the first start of the service would make its own key file."""
    return settings.secrets.key_file is None and _is_embedded(settings) and not key_path(settings).exists()


def _is_embedded(settings: Settings) -> bool:
    return make_url(settings.database.url).get_backend_name() == "sqlite"


def key_path(settings: Settings) -> Path:
    """Where the key file lies, or will be made."""
    return settings.secrets.key_file or data_dir(settings) / "mentionbridge.key"


def _vault(engine: Engine, sealer: Sealer | None, brand_id: str, account_id: str) -> Vault:
    """Without a sealer nothing is kept: what a lost key sealed, nobody could open."""
    return AccountVault(engine, sealer, brand_id, account_id) if sealer else EmptyVault()


def data_dir(settings: Settings) -> Path:
    """Where platforms keep files of their own: `database.files`, else beside an embedded database, else `./data`."""
    if settings.database.files is not None:
        return settings.database.files.resolve()
    url = make_url(settings.database.url)
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        return Path(url.database).resolve().parent
    return Path("data").resolve()


def start_networks(settings: Settings, clock: Clock, *, looking: bool = False) -> dict[str, Network]:
    """Start the platforms that any account or section of the config names."""
    names = {account.platform for brand in settings.brands.values() for account in brand.accounts.values()}
    for name in settings.platforms:
        named(name)
    tools = Tools(
        clock=clock,
        http=lambda base_url: Http(base_url, clock=clock, limits=Pace(clock), **_net(settings)),
        public_url=settings.server.public_url,
        data_dir=data_dir(settings),
        looking=looking,
    )
    return {name: _start(name, settings, tools) for name in sorted(names)}


def _start(name: str, settings: Settings, tools: Tools) -> Network:
    plug = named(name)
    options = plug_options(plug.platform_options, settings.platforms.get(name, {}), f"platforms.{name}")
    return plug.start(options, tools)


def connect_accounts(
    settings: Settings,
    networks: Mapping[str, Network],
    vault_of: Callable[[str, str], Vault],
    usual: Thresholds,
) -> dict[tuple[str, str], Connected]:
    """Make every configured account's platform."""
    return {
        (brand_id, account_id): _connect(
            make_account(brand_id, account_id, section, usual), networks, vault_of(brand_id, account_id)
        )
        for brand_id, brand in settings.brands.items()
        for account_id, section in brand.accounts.items()
    }


def _connect(account: Account, networks: Mapping[str, Network], vault: Vault) -> Connected:
    plug, network = named(account.platform), networks[account.platform]
    where = f"brands.{account.brand_id}.accounts.{account.id}.options"
    options = plug_options(plug.account_options, dict(account.options), where)
    return Connected(account, network.connect(account, options, vault), network.hook(account, options))


def link_desks(settings: Settings, clock: Clock) -> dict[tuple[str, str], LinkedDesk]:
    """Make every configured helpdesk."""
    tools = DeskTools(clock=clock, http=lambda base_url: Http(base_url, clock=clock, **_net(settings)))
    desks = [_link(name, section, tools) for name, section in settings.helpdesks.items()]
    return {(desk.brand_id, desk.name): desk for desk in desks}


def _link(name: str, section: HelpdeskSection, tools: DeskTools) -> LinkedDesk:
    plug = desk_named(section.helpdesk)
    link = plug.link(plug_options(plug.options, section.options, f"helpdesks.{name}.options"), tools)
    return LinkedDesk(
        brand_id=section.brand,
        name=name,
        kind=plug.name,
        helpdesk=link.helpdesk,
        poll_seconds=section.poll_seconds or plug.capabilities.default_poll_seconds,
        look_seconds=section.look_seconds or plug.capabilities.default_look_seconds,
        hook=link.hook,
    )


def make_account(brand_id: str, account_id: str, section: AccountSection, usual: Thresholds) -> Account:
    """Turn a config section into an account; a new account where words reach real people starts in `approve`."""
    can = named(section.platform).capabilities
    mode = Mode(section.mode) if section.mode else Mode.APPROVE if can.real else Mode.AUTO
    return Account(
        brand_id=brand_id,
        id=account_id,
        platform=section.platform,
        mode=mode,
        poll_seconds=section.poll_seconds or can.default_poll_seconds,
        max_ack_age_hours=section.max_ack_age_hours,
        thresholds=_thresholds(section, usual),
        options=section.options,
        modes={Kind(kind): Mode(each) for kind, each in section.modes.items()},
        most_an_hour=section.most_per_hour,
        most_a_day_to_one=section.most_per_author,
        draft_hours=section.draft_hours,
        most_spent_a_day=int(section.spend_per_day * 1_000_000) if section.spend_per_day else None,
    )


def _thresholds(section: AccountSection, usual: Thresholds) -> Thresholds:
    named = {"review_from": section.review_from, "auto_from": section.auto_from}
    return replace(usual, **{name: value for name, value in named.items() if value is not None})


def make_brand(brand_id: str, section: BrandSection) -> Brand:
    """Turn a config section into a brand, its own words checked at load."""
    topics = (Topic(key, topic.name, topic.words, topic.names) for key, topic in section.topics.items())
    brand = Brand(
        id=brand_id,
        name=section.name,
        topics=tuple(topics),
        wordings=tuple(_wordings(section)),
        generic_topic=section.generic_topic,
        lang=section.lang,
        places=tuple(Place(key, place.name, place.words) for key, place in section.places.items()),
        products=tuple(Product(key, each.name, each.words) for key, each in section.products.items()),
        teams=tuple(Team(key, team.topics, team.places) for key, team in section.teams.items()),
        languages=section.languages,
        generic_topics=section.generic_topics,
        tone=Tone(section.tone),
        reference=section.reference,
        form=_form(section) if section.form.enabled else None,
    )
    check_words(brand)
    return brand


def _wordings(section: BrandSection) -> Iterator[Wording]:
    own, tone = primary(section.lang) or section.lang, Tone(section.tone)
    if section.templates:
        yield Wording("templates", Kind.ACKNOWLEDGE, own, tone, section.templates)
    for name, each in section.wording.items():
        where = f"wording.{name}"
        yield Wording(where, Kind(each.kind), each.lang or own, Tone(each.tone) if each.tone else tone, each.texts)


def _form(section: BrandSection) -> FormTerms:
    asked = {key: topic.questions for key, topic in section.topics.items() if topic.questions}
    questions = tuple({"": section.form.questions, **asked}.items())
    form = section.form
    calls = CallTerms(
        form.calls_at_once,
        timedelta(minutes=form.call_minutes),
        timedelta(minutes=form.call_notice_minutes),
        timedelta(days=form.call_days),
    )
    needed = (form.call_needs, form.photos_need, form.outcome_needs, form.records_need)
    return FormTerms(form.colour, form.days, form.shows_story, questions, calls, Needs(*map(Proof, needed)))


def _records(settings: Settings, clock: Clock, net: Mapping[str, Any]) -> dict[str, Records]:
    told = {brand_id: section.records for brand_id, section in settings.brands.items()}
    return {
        brand_id: HttpRecords(each.url, each.secret.get_secret_value(), clock, **net)
        for brand_id, each in told.items()
        if each.url is not None and each.secret is not None
    }


def _own_pages(settings: Settings, networks: Mapping[str, Network]) -> dict[str, Any]:
    pages = {name: app for name, network in networks.items() if (app := network.pages()) is not None}
    return {settings.server.public_url.rstrip("/"): in_process(Mounts(pages))} if pages else {}


class Mounts:
    """The plugs' pages under their public paths, for the one client that reads pictures from them in process."""

    def __init__(self, pages: Mapping[str, Asgi]) -> None:
        self._pages = {f"/p/{name}": app for name, app in pages.items()}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        for prefix, app in self._pages.items():
            if scope["type"] == "http" and scope["path"].startswith(f"{prefix}/"):
                await app({**scope, "root_path": prefix}, receive, send)
                return
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b""})
