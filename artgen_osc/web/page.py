"""Puts the page's server together, from the settings of a show."""

import contextlib
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from artgen_osc.audio.browser import BrowserInput
from artgen_osc.config.contract import Contract
from artgen_osc.config.flags import flags
from artgen_osc.config.settings import GALLERY, PAINTING, TOKEN_VARIABLE
from artgen_osc.config.tables import Config
from artgen_osc.errors import ConfigError, OscError
from artgen_osc.http.access import host_name, is_loopback, new_token, read_certificate, site
from artgen_osc.http.part import Part
from artgen_osc.osc.receiver import OscReceiver
from artgen_osc.osc.targets import local_target
from artgen_osc.runtime.child import python_module
from artgen_osc.schema.address_table import AddressTable
from artgen_osc.web.bridge import Bridge
from artgen_osc.web.choices import ChoicesPart
from artgen_osc.web.gallery import GalleryProxy
from artgen_osc.web.site import SitePart, addresses
from artgen_osc.web.songs import SongsPart
from artgen_osc.web.sound import SoundPart
from artgen_osc.web.state import Source, StatePart
from artgen_osc.web.training import TrainingPart
from artgen_osc.web.view import ViewPart, renderer_address

if TYPE_CHECKING:
    import ssl

log = logging.getLogger("artgen.web")


def open_page(settings: Config, contract: Contract, receiver: OscReceiver, token_from: str = "") -> "ShowPage | None":
    """The page, or None where the port is 0 or can't be had: that is logged, and the show goes on without it.

    Parameters
    ----------
    settings : of the show
    contract : what can be set and said in it
    receiver : where control of the daemon goes
    token_from : where ``web.token`` came from: ``flag``, or the name of the show file

    Raises
    ------
    ConfigError
        A site of ``web.origins`` or a name of ``web.hosts`` isn't one, or the certificate or the token can't be used.
    """
    origins = [site(text) for text in settings.web.origins]
    hosts = [host_name(text) for text in settings.web.hosts]
    if not settings.web.port:
        return None
    tls = read_certificate(settings.web.certificate, settings.web.key)
    if settings.web.token:
        _warn_of_readers(token_from)
    try:
        return ShowPage(settings, contract, receiver, origins, hosts, tls)
    except OscError as error:
        log.warning("%s", error)
        return None


class ShowPage(Bridge):
    """The bridge with the page and everything that it needs.

    Parameters
    ----------
    settings : of the show
    contract : what can be set and said in it
    receiver : where control of the daemon goes
    origins : sites beside this one whose pages may connect, as of `site`
    hosts : names of proxies under which it is reached too
    tls : what https needs; None: http

    Attributes
    ----------
    addresses : under which it can be opened, the one for a phone last
    renderer_address : where a renderer on this machine sends its pictures to
    sound : what pages send, for the input ``browser``
    choices : what pages may choose; is told where the show sends
    """

    def __init__(
        self,
        settings: Config,
        contract: Contract,
        receiver: OscReceiver,
        origins: list[str],
        hosts: list[str],
        tls: "ssl.SSLContext | None" = None,
    ) -> None:
        web, visuals = settings.web, settings.visuals
        token = _chosen_token(web.token, contract) or ("" if is_loopback(web.host) and not hosts else new_token())
        secure = tls is not None
        self.addresses = addresses(web.host, web.port, token, secure)
        self.renderer_address = renderer_address(web.host, web.port, token, secure)
        self.sound = BrowserInput()
        self.choices = ChoicesPart()
        analyze = _given(contract, settings, "mood.model", "mood.smoothing")
        gallery = python_module("artgen_osc", "gallery", "serve", "--child", *_given(contract, settings, *GALLERY))
        parts: list[Part] = [
            SitePart(self.addresses, token),
            ViewPart(),
            StatePart(_sources(settings, contract.addresses)),
            self.choices,
            SoundPart(self.sound),
            songs := SongsPart(Path(web.songs), _given(contract, settings, *PAINTING), analyze),
            GalleryProxy(gallery),
            TrainingPart(web.run),
        ]
        renderer = (visuals.host, visuals.port)
        try:
            super().__init__(web.host, web.port, contract, receiver, renderer, origins, parts, token, tls, hosts)
        except OscError:
            songs.end()  # it works already, and nobody else would
            raise


def _chosen_token(setting: str, contract: Contract) -> str:
    """The token by the environment, which other users of this machine can't read, or else by the setting.

    Parameters
    ----------
    setting : ``web.token``, empty where there is none
    contract : checks the one of the environment

    Raises
    ------
    ConfigError
        The one in the environment can't be used.
    """
    text = os.environ.get(TOKEN_VARIABLE, "")
    try:
        return str(contract.check("web.token", text)) if text else setting
    except ValueError as error:
        raise ConfigError(f"{TOKEN_VARIABLE}: {error}; choose another one, or leave it out") from None


def _warn_of_readers(token_from: str) -> None:
    """Say where other users of this machine can read the token."""
    if token_from == "flag":
        reason = f"all users of this machine can read a flag (ps); put it into the show file, or into {TOKEN_VARIABLE}"
        log.warning("web.token: %s", reason)
        return
    with contextlib.suppress(OSError, ValueError):
        if hasattr(os, "getuid") and Path(token_from).stat().st_mode & 0o044:
            log.warning("web.token: other users of this machine can read %s; chmod 600 keeps it to you", token_from)


def _given(contract: Contract, settings: Config, *keys: str) -> list[str]:
    """The settings of these keys as flags of a command."""
    return flags({key: contract.get(settings, key) for key in keys}, ("mood", "visuals"))


def _sources(settings: Config, table: AddressTable) -> list[Source]:
    found = []
    osc, visuals = settings.osc, settings.visuals
    if osc.query_port:
        found.append(Source.of("daemon", local_target(osc.host, osc.query_port), table.daemon.values()))
    if visuals.query_port:
        where = local_target(visuals.host, visuals.query_port)
        found.append(Source.of("renderer", where, table.visuals.values(), table.painted.values()))
    return found
