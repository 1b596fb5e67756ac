"""The config file: one sentence for whatever is wrong, secrets from files, and the environment on top."""

from pathlib import Path

import pytest
from pydantic import Field, SecretStr

from mentionbridge.platforms.plug import Options
from mentionbridge.settings import ConfigError, Settings, load, plug_options

BRAND = '[brands.acme]\nname = "Acme"\n'


@pytest.fixture
def write(tmp_path: Path):
    def written(text: str) -> Path:
        path = tmp_path / "config.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return written


def refused(path: Path | None) -> str:
    with pytest.raises(ConfigError) as raised:
        load(path)
    said = str(raised.value)
    assert "\n" not in said
    return said


def test_without_a_file_everything_has_its_default() -> None:
    assert load(None) == Settings()


def test_a_file_is_read(write) -> None:
    settings = load(write('[server]\nport = 9000\n\n[brands.acme]\nname = "Acme"\n'))
    assert settings.server.port == 9000
    assert settings.brands["acme"].name == "Acme"


def test_a_missing_file_says_what_to_copy(tmp_path: Path) -> None:
    said = refused(tmp_path / "nowhere.toml")
    assert "There is no config file" in said
    assert "config.example.toml" in said


@pytest.mark.parametrize("text", ["[server", "port = ", "\x00", "a = 1\na = 2"])
def test_what_is_no_toml_says_so(write, text: str) -> None:
    assert "is not valid TOML" in refused(write(text))


def test_a_file_that_is_no_text_says_so(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xff\xfe\x00")
    assert "is not valid TOML" in refused(path)


def test_a_folder_is_no_config(tmp_path: Path) -> None:
    assert str(tmp_path) in refused(tmp_path)


@pytest.mark.parametrize(
    ("text", "where", "nearest"),
    [
        ("[server]\nprot = 1", "server.prot", "Did you mean port?"),
        ("[serevr]\nport = 1", "serevr", "Did you mean server?"),
        ("[database]\nurrl = 'x'", "database.urrl", "Did you mean url?"),
        (BRAND + "lnag = 'en'", "brands.acme.lnag", "Did you mean lang?"),
        (BRAND + "[brands.acme.topics.a]\nname='a'\nwords=['a']\nword=1", "topics.a.word", "Did you mean words?"),
        (BRAND + "[brands.acme.accounts.a]\nplatform='demo'\nmod='auto'", "accounts.a.mod", "Did you mean mode?"),
        ("[logs]\nqqq = 1", "logs.qqq", "Known here: format, level."),
    ],
)
def test_an_unknown_key_names_the_nearest_right_one(write, text: str, where: str, nearest: str) -> None:
    said = refused(write(text))
    assert f"{where} is not a key we know." in said
    assert said.endswith(nearest)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[server]\nport = 70000", "server.port"),
        ("[server]\nport = 'many'", "server.port"),
        ("[worker]\nlease_seconds = 1", "worker.lease_seconds"),
        ("[logs]\nlevel = 'loud'", "logs.level"),
        ("[brands.acme]\nlang = 'en'", "brands.acme.name"),
        (BRAND + "[brands.acme.topics.a]\nname='a'\nwords=[]", "brands.acme.topics.a.words"),
        (BRAND + "[brands.acme.accounts.a]\nplatform='demo'\nmode='loud'", "brands.acme.accounts.a.mode"),
        ("server = 3", "server"),
    ],
)
def test_a_wrong_value_names_its_key(write, text: str, where: str) -> None:
    assert f"{where}: " in refused(write(text))


def test_two_accounts_of_one_name_are_refused_across_brands(write) -> None:
    account = '[brands.{0}]\nname = "{0}"\n[brands.{0}.accounts.main]\nplatform = "demo"\n'
    said = refused(write(account.format("acme") + account.format("borealis")))
    assert "'main'" in said
    assert "acme" in said
    assert "borealis" in said


def test_the_environment_wins_over_the_file(write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("[server]\nport = 9000\nhost = '127.0.0.2'")
    monkeypatch.setenv("MENTIONBRIDGE__SERVER__PORT", "9100")
    settings = load(path)
    assert settings.server.port == 9100
    assert settings.server.host == "127.0.0.2"


def test_the_environment_reaches_into_brands(write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MENTIONBRIDGE__BRANDS__ACME__NAME", "Acme Telecom")
    assert load(write(BRAND)).brands["acme"].name == "Acme Telecom"


def test_an_unknown_section_in_the_environment_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MENTIONBRIDGE__SERVR__PORT", "1")
    said = refused(None)
    assert "MENTIONBRIDGE__SERVR__PORT" in said
    assert "Did you mean server?" in said


def test_an_unknown_key_in_the_environment_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MENTIONBRIDGE__SERVER__PROT", "1")
    assert "Did you mean port?" in refused(None)


def test_the_variable_that_names_the_file_is_no_section(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MENTIONBRIDGE_CONFIG", "config.toml")
    assert load(None) == Settings()


def test_overrides_lie_over_the_file(write) -> None:
    settings = load(write("[server]\nport = 9000\nhost = '127.0.0.2'"), server={"port": 0})
    assert (settings.server.port, settings.server.host) == (0, "127.0.0.2")


def test_a_secret_may_come_from_a_file(write, tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("  s3cret  \nsecond line\n")
    assert load(write(f"[server]\nmetrics_token_file = '{secret}'")).server.metrics_token == "s3cret"


def test_the_environment_may_name_a_secrets_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "token"
    secret.write_text("s3cret")
    monkeypatch.setenv("MENTIONBRIDGE__SERVER__METRICS_TOKEN_FILE", str(secret))
    assert load(None).server.metrics_token == "s3cret"


@pytest.mark.parametrize("content", [None, "", "\n\n"])
def test_a_secret_file_that_is_missing_or_empty_says_which(write, tmp_path: Path, content: str | None) -> None:
    secret = tmp_path / "token"
    if content is not None:
        secret.write_text(content)
    said = refused(write(f"[server]\nmetrics_token_file = '{secret}'"))
    assert "metrics_token_file" in said
    assert "cannot be read or is empty" in said


def test_a_key_that_ends_in_file_by_itself_stays_what_it_is(write, tmp_path: Path) -> None:
    key = tmp_path / "key"
    assert load(write(f"[secrets]\nkey_file = '{key}'")).secrets.key_file == key


class BirdOptions(Options):
    """Options of an invented platform."""

    nest: str = Field(min_length=3)
    token: SecretStr | None = None


def test_a_plugs_options_are_checked_like_ours(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("s3cret\n")
    options = plug_options(BirdOptions, {"nest": "oak", "token_file": str(secret)}, "brands.acme.accounts.a.options")
    assert options.token.get_secret_value() == "s3cret"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"nset": "oak"}, "options.nest: Field required."),
        ({"nest": "oak", "tokn": "x"}, "options.tokn is not a key we know. Did you mean token?"),
        ({"nest": "o"}, "options.nest: String should have at least 3 characters."),
    ],
)
def test_a_plugs_wrong_option_is_one_sentence(data: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        plug_options(BirdOptions, data, "options")
    assert str(raised.value) == said


def test_settings_cannot_be_changed_behind_our_back() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load(None).server.port = 1  # type: ignore[misc]


def test_a_team_names_topics_and_places_that_exist(write) -> None:
    parcel = "[brands.acme.topics.parcel]\nname='a'\nwords=['a']\n"
    harbour = "[brands.acme.places.harbour]\nname='a'\nwords=['a']\n"
    team = "[brands.acme.teams.shop]\ntopics=['{}']\nplaces=['{}']\n"
    teams = load(write(BRAND + parcel + harbour + team.format("parcel", "harbour"))).brands["acme"].teams
    assert (teams["shop"].topics, teams["shop"].places) == (("parcel",), ("harbour",))
    said = refused(write(BRAND + parcel + harbour + team.format("parcle", "harbour")))
    assert "teams.shop.topics names 'parcle'. Did you mean parcel?" in said
    assert "teams.shop.places names 'port'" in refused(write(BRAND + parcel + harbour + team.format("parcel", "port")))
