"""A platform is one whole folder: found without being listed, described, and consistent in what it says it can do."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from contract.folders import FOLDERS, NAMES, Folder
from contract.scripted import on_stage
from mentionbridge.domain.account import Identity
from mentionbridge.platforms.plug import Options

each_folder = pytest.mark.parametrize("folder", FOLDERS, ids=NAMES)


def test_there_are_folders() -> None:
    assert "demo" in NAMES


@each_folder
def test_the_folder_is_whole(folder: Folder) -> None:
    readme = folder.path / "README.md"
    assert readme.exists(), f"{readme} is missing: say how an operator sets it up, its limits and what is done"
    assert "## " in readme.read_text()
    assert folder.samples
    assert folder.exchanges
    assert folder.plug.label
    assert folder.path.name == folder.name


@each_folder
def test_options_refuse_what_they_do_not_know(folder: Folder) -> None:
    kinds = ((folder.plug.platform_options, "platform_options"), (folder.plug.account_options, "account_options"))
    for options, told in kinds:
        assert issubclass(options, Options)
        options(**folder.told(told))
        with pytest.raises(ValidationError):
            options(**folder.told(told), no_such_option=1)


@each_folder
async def test_what_it_can_do_fits_together(folder: Folder) -> None:
    able = folder.plug.capabilities
    assert able.max_length > 0
    assert able.default_poll_seconds > 0
    assert able.fetch_batch > 0
    assert able.polls or able.hooks or able.accepts_push, "nothing could ever come in"
    assert able.key_life is None or able.key_life > timedelta(0)
    assert able.keyed == ("reply_again" in folder.told("answers"))
    async with on_stage(folder) as stage:
        options = folder.plug.account_options(**folder.told("account_options"))
        assert (stage.network.hook(folder.account, options) is not None) == able.hooks
        assert stage.platform.capabilities.real == able.real
        assert hasattr(stage.platform, "host") == able.hosts
        assert not (able.hosts and able.real), "nobody puts other people's words on a network that real people read"


@each_folder
async def test_probe_says_who_we_are(folder: Folder) -> None:
    async with on_stage(folder) as stage:
        identity = await stage.platform.probe()
    assert isinstance(identity, Identity)
    assert identity.external_id
    assert identity.handle
    stage.server.check()


@each_folder
async def test_secrets_stay_out_of_the_options_text(folder: Folder) -> None:
    shown = [
        repr(folder.plug.platform_options(**folder.told("platform_options"))),
        repr(folder.plug.account_options(**folder.told("account_options"))),
    ]
    for secret in folder.told("secrets"):
        assert not any(secret in text for text in shown), "use SecretStr for secrets in options"
