"""Every setting is judged before anything starts: wrong values are named, with what to write.

What Asterisk reads is judged twice, by Python and by render.sh for containers: the same tables.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from acd.errors import PlateauError
from plateau.settings import Settings, load_settings, read_secret, require_folders
from switch.model import SwitchConfig, SwitchUnavailable

pytestmark = pytest.mark.unit

CONF = Path(__file__).resolve().parents[2] / "asterisk-conf"

NO_PORT = "write a whole number from 1 to 65535"
PORTS = ("0", "-1", "65536", "abc", "5060.0", "5 060", "0x13C4", "1e3", "5060,5061")
NO_ADDRESS = ("300.1.1.1", "1.2.3", "010.1.1.1", "sip:192.0.2.10", "eth0", "::1")
NO_WORD = ("", " ", "two words", "a,b", "é", "x/y", "-x", "a" * 81)

WRONG: dict[str, dict[str, tuple[str, ...]]] = {
    "database_url": {
        "no URL": ("plateau.db", "/var/lib/plateau.db", "postgresql:plateau"),
        "is no database": ("mysql://h/d", "postgresq://h/d", "postgresql+psycopg2://h/d"),
        "names no file": ("sqlite:///", "sqlite:///:memory:"),
        "three slashes": ("sqlite://plateau.db",),
        "names no host": ("postgresql:///plateau",),
        "names no database": ("postgresql://h", "postgresql://h/"),
        "%2F": ("postgresql://u:a/b@h/d", "postgresql://u:a#b@h/d"),
        "cannot be read": (
            "postgresql://h:port/d",
            "postgresql://h:99999/d",
            "postgresql://[::1/d",
        ),
    },
    "database_password_file": {"is not named": ("/run/secret",)},
    "time_zone": {
        "no time zone": ("Europe/Pari", "Europe", "CET+1", "../etc/passwd", "posix/UTC", "+01:00")
    },
    "language": {"write fr": ("FR", "français", "de", "fr,en")},
    "country_code": {
        "write the country's": ("+33", "0033", "FR", "3 3"),
        "no country": ("999", "2"),
    },
    "sip_address": {
        "IPv4": (*NO_ADDRESS, "sip.example"),
        "nobody can send": ("0.0.0.0", "255.255.255.255", "224.0.0.1"),
    },
    "bind_address": {"IPv4": (*NO_ADDRESS, "localhost", "127.0.0.1/8", "*")},
    "sip_port": {NO_PORT: PORTS, "both 5061": ("5061",), "RTP ports": ("10000", "19999", "15060")},
    "tls_port": {NO_PORT: PORTS, "both 5060": ("5060",)},
    "http_port": {NO_PORT: PORTS, "both 8089": ("8089",)},
    "https_port": {NO_PORT: PORTS, "both 8000": ("8000",)},
    "rtp_first": {NO_PORT: PORTS, "must be below": ("20000", "19999"), "even": ("10001",)},
    "rtp_last": {NO_PORT: PORTS, "must be below": ("9999", "10000")},
    "trunk_match": {
        "IPv4": ("300.1.1.1", "1.2.3", "010.1.1.1", "2001:db8::1"),
        "is no address": ("sip.example", "sip:198.51.100.7", "*", "1.2.3.4;x"),
        "empty place": ("198.51.100.7,", ",198.51.100.7", "198.51.100.7,,198.51.100.8"),
        "what follows /": ("198.51.100.0/33", "198.51.100.0/255.255.255.0", "198.51.100.0/"),
        "strangers": ("0.0.0.0/0", "128.0.0.0/1"),
        "is no network: write 198.51.100.0/24": ("198.51.100.7/24",),
        "nobody's": ("0.0.0.0",),
        "without a port": ("198.51.100.7:5060",),
    },
    "trunk_contact": {
        "no SIP URI": (
            *("198.51.100.7", "carrier.example:5060", "tel:+33123456789", "http://carrier.example"),
            *("sip:@host", "sip:host/x", "sip:host?x=y"),
        ),
        "which host": ("sip:", "sips:"),
        "no blanks": ("sip: 198.51.100.7", "sip:198.51.100.7 "),
        "is no port": (
            "sip:198.51.100.7:",
            "sip:198.51.100.7:0",
            "sip:h:99999",
            "sip:h:port",
            "sip:a:b@host",
        ),
        "no transport of ours": ("sip:h;transport=sctp", "sip:h;transport"),
        "no parameter": ("sip:h;", "sip:h;;lr", "sip:h;transport=", "sip:h;transport==tcp"),
        "IPv4": ("sip:300.1.1.1", "sip:1.2.3"),
        "neither a host's name": ("sip:-host", "sip:a..b"),
    },
    "trunk_endpoint": {"use letters": NO_WORD[2:]},
    "domain": {
        "neither": ("two words", "sip:plateau.local", "a_b.example", "x;y", ".local", "a..b"),
        "IPv4": ("300.1.1.1",),
    },
    "max_call_s": {"from 1 to 604800": ("0", "-5", "4h", "1e4", "604801", "3600.5")},
    "rtp_timeout_s": {"from 1 to 86400": ("0", "-5", "60s", "86401")},
    "ari_url": {
        "no URL": ("127.0.0.1:8088", "ws://127.0.0.1:8088/", "http:///ari", "ari"),
        "its port": ("http://h:port/", "http://h:99999/"),
        "do not stand here": ("http://plateau:secret@127.0.0.1:8088/ari/",),
        "with nothing behind": ("http://h:8088/other", "http://h/ari/?api_key=a:secret"),
    },
    "ari_user": {"use letters": NO_WORD[2:]},
    "ari_app": {"use letters": NO_WORD[2:]},
    "sounds_uri_prefix": {
        "write sound:": (
            "/srv/plateau/sounds/",
            "sound:/srv/plateau/sounds",
            "sound:x/",
            "file:/x/",
        )
    },
    "api_host": {
        "without scheme": ("http://127.0.0.1", "127.0.0.1/24"),
        "port is PLATEAU_API_PORT": ("127.0.0.1:8000", "::1:x"),
        "without brackets": ("[::1]",),
        "IPv4": ("300.1.1.1", "127.0.0"),
        "neither": ("my host", "*"),
    },
    "api_port": {NO_PORT: PORTS, "both 8088": ("8088",)},
    "trusted_proxies": {
        "is no address": ("proxy.example", "127.0.0.1,", "127.0.0.1:80", "300.1.1.1"),
        "networks are not read": ("10.0.0.0/8", "127.0.0.1, 10.0.0.0/8"),
    },
    "allowed_origins": {
        "is no origin": ("desk.example", "*", "ftp://desk.example", "https://", "https://a,"),
        "never sent": (
            *("https://desk.example/", "https://desk.example/page", "https://Desk.example"),
            *("https://desk.example:443", "http://desk.example:80"),
        ),
    },
    "seed": {"write a whole number": ("abc", "1.5", "-1", "0x10")},
}

FOLDERS = ("home", "rootfs", "recordings", "sounds", "ari_password_file")
"""Judged by looking, in the tests below and in test_home.py."""

RIGHT: dict[str, tuple[str, ...]] = {
    "database_url": (
        *("sqlite:///plateau.db", "sqlite:////var/lib/plateau.db", "postgresql://h/d"),
        *(
            "postgres://u:p%2F@h:5433/d",
            "postgresql+asyncpg://plateau@[::1]:5432/plateau?ssl=require",
        ),
    ),
    "time_zone": ("UTC", "Indian/Reunion"),
    "language": ("en",),
    "country_code": ("1", "262"),
    "sip_address": ("203.0.113.5",),
    "bind_address": ("0.0.0.0", "192.0.2.10"),
    "sip_port": ("5070", "9999", "20000"),
    "rtp_first": ("9998",),
    "rtp_last": ("20000",),
    "trunk_match": ("198.51.100.7", "198.51.100.7, 203.0.113.0/24", "10.0.0.0/8", "1.2.3.4/32"),
    "trunk_contact": (
        *("sip:198.51.100.7", "sip:carrier.example:5060", "sips:carrier.example"),
        *("sip:me@carrier.example;transport=tcp;lr", "sip:h;transport=TLS"),
    ),
    "domain": ("sip.example", "plateau", "192.0.2.10"),
    "ari_url": ("http://172.28.90.10:8088/ari/", "https://switch.example", "http://[::1]:8088/ari"),
    "sounds_uri_prefix": ("sound:/srv/plateau/sounds/",),
    "api_host": ("0.0.0.0", "::", "::1", "localhost", "desk.example"),
    "trusted_proxies": ("127.0.0.1", "127.0.0.1, ::1"),
    "allowed_origins": ("https://desk.example", "https://a.example, http://b.example:8080"),
    "seed": ("0", "18446744073709551615"[:18]),
}


@pytest.fixture(autouse=True)
def _nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("PLATEAU_"):
            monkeypatch.delenv(name)


def test_no_setting_is_forgotten() -> None:
    assert set(WRONG) | set(FOLDERS) == set(Settings.model_fields)
    few = [name for name, kinds in WRONG.items() if sum(map(len, kinds.values())) < 2]
    assert few == ["database_password_file"]


@pytest.mark.parametrize(
    ("name", "said", "value"),
    [(name, said, value) for name, kinds in WRONG.items() for said, all_ in kinds.items()
     for value in all_],
)  # fmt: skip
def test_a_wrong_value_is_named_with_what_to_write(
    monkeypatch: pytest.MonkeyPatch, name: str, said: str, value: str
) -> None:
    monkeypatch.setenv(f"PLATEAU_{name.upper()}", value)
    with pytest.raises(PlateauError) as refused:
        load_settings()
    sentence = str(refused.value)
    assert refused.value.slug == "settings-invalid"
    assert f"PLATEAU_{name.upper()}" in sentence
    assert said in sentence
    assert "\n" not in sentence
    assert "secret" not in sentence.replace("/run/secret", "")
    if not name.endswith("_url"):
        assert value in sentence


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, all_ in RIGHT.items() for value in all_]
)
def test_a_right_value_is_taken(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"PLATEAU_{name.upper()}", value)
    load_settings()


def test_all_faults_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLATEAU_SIP_PORT", "x")
    monkeypatch.setenv("PLATEAU_LANGUAGE", "de")
    with pytest.raises(PlateauError, match=r"PLATEAU_LANGUAGE=de.*; PLATEAU_SIP_PORT=x"):
        load_settings()


def test_what_no_terminal_should_be_sent_is_written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLATEAU_DOMAIN", "a\nb\x1b[31m")
    with pytest.raises(PlateauError) as refused:
        load_settings()
    assert r"PLATEAU_DOMAIN=a\nb\x1b[31m" in str(refused.value)


# ---- files and folders -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["rootfs", "recordings", "sounds"])
def test_a_folder_that_is_named_must_be_there(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    for wrong in (tmp_path / "none", tmp_path / "file", tmp_path / "file/below"):
        settings = load_settings(**{name: wrong})
        with pytest.raises(PlateauError, match=f"PLATEAU_{name.upper()}={wrong}: no such folder"):
            require_folders(settings, name)
    require_folders(load_settings(**{name: tmp_path}), name)
    require_folders(load_settings(), name)


def test_a_file_of_a_password_must_hold_one(tmp_path: Path) -> None:
    empty, binary, good = tmp_path / "empty", tmp_path / "binary", tmp_path / "good"
    empty.write_text("\n")
    binary.write_bytes(b"\xff\xfe")
    good.write_text("s/e@c:ret\n")
    for file, why in (
        (tmp_path / "none", "No such file"), (tmp_path, "Is a directory"),
        (empty, "it is empty"), (binary, "no text"),
    ):  # fmt: skip
        with pytest.raises(PlateauError, match=f"PLATEAU_X={file}: .*{why}"):
            read_secret(file, "PLATEAU_X")
    settings = load_settings(
        database_url="postgresql://plateau:old@[::1]:5433/records?ssl=require",
        database_password_file=good,
    )
    assert settings.effective_store_url == (
        "postgresql://plateau:s%2Fe%40c%3Aret@[::1]:5433/records?ssl=require"
    )


# ---- the same in a container, which has no Python ----------------------------------------------

OF_THE_SWITCH = {
    "SIP_ADDRESS": "EXTERNAL_ADDRESS", "BIND_ADDRESS": "BIND", "SIP_PORT": "SIP_PORT",
    "TLS_PORT": "TLS_PORT", "RTP_FIRST": "RTP_FIRST", "RTP_LAST": "RTP_LAST",
    "TRUNK_MATCH": "TRUNK_MATCH", "TRUNK_CONTACT": "TRUNK_CONTACT", "DOMAIN": "DOMAIN",
    "ARI_USER": "ARI_USER", "ARI_APP": "APP", "LANGUAGE": "LANGUAGE", "MAX_CALL_S": "MAX_CALL_S",
    "RTP_TIMEOUT_S": "RTP_TIMEOUT_S",
}  # fmt: skip
"""Settings by the names that render.sh gives them."""


def awks(folder: Path) -> list[Path]:
    """A folder for PATH for each awk of this machine, in which `awk` is that one."""
    found = []
    for name, command in (
        ("mawk", "mawk"), ("gawk", "gawk"), ("one-true", "original-awk"),
        ("busybox", "busybox awk"), ("system", "awk"),
    ):  # fmt: skip
        program = shutil.which(command.split()[0])
        if program is not None:
            here = folder / name
            here.mkdir(parents=True)
            words = " ".join([program, *command.split()[1:]])
            (here / "awk").write_text(f'#!/bin/sh\nexec {words} "$@"\n')
            (here / "awk").chmod(0o755)
            found.append(here)
    return found


def render(
    target: Path, values: dict[str, str], awk: Path | None = None
) -> subprocess.CompletedProcess[str]:
    path = os.environ["PATH"] if awk is None else f"{awk}:{os.environ['PATH']}"
    return subprocess.run(
        ["sh", str(CONF / "render.sh"), str(CONF / "etc"), str(target)],
        env={"PATH": path, "PLATEAU_ARI_PASSWORD": "x"}
        | {f"PLATEAU_{name}": value for name, value in values.items()},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("setting", OF_THE_SWITCH)
def test_render_refuses_what_python_refuses(tmp_path: Path, setting: str) -> None:
    name = OF_THE_SWITCH[setting]
    values = [value for all_ in WRONG[setting.lower()].values() for value in all_ if value.strip()]
    for value in values[::3] + values[-1:]:
        if "API" in value or value == "8000":
            continue
        answer = render(tmp_path / "etc", {name: value})
        assert answer.returncode == 1, f"{name}={value} was taken"
        assert f"PLATEAU_{name}" in answer.stderr
        assert not (tmp_path / "etc").exists()


def test_every_awk_judges_alike_and_takes_what_python_takes(tmp_path: Path) -> None:
    found = awks(tmp_path / "bin")
    assert found
    for awk in found:
        for setting in ("TRUNK_MATCH", "TRUNK_CONTACT", "SIP_ADDRESS"):
            name = OF_THE_SWITCH[setting]
            for value in RIGHT[setting.lower()][1:3]:
                answer = render(tmp_path / "etc", {name: value}, awk)
                assert answer.returncode == 0, f"{awk.name}: {name}={value}: {answer.stderr}"
        for name, value in (
            ("TRUNK_MATCH", "300.1.1.1"), ("TRUNK_MATCH", "198.51.100.7/24"),
            ("TRUNK_MATCH", "198.51.100.7,"), ("TRUNK_MATCH", "0.0.0.0/0"),
            ("TRUNK_CONTACT", "198.51.100.7"), ("TRUNK_CONTACT", "sip:h;transport=sctp"),
            ("TRUNK_CONTACT", "sip:h;"), ("RTP_FIRST", "10001"), ("SIP_PORT", "15060"),
            ("SIP_PORT", "0"), ("BIND", "eth0"),
        ):  # fmt: skip
            answer = render(tmp_path / "other", {name: value}, awk)
            assert answer.returncode == 1, f"{awk.name} took {name}={value}"
            assert f"PLATEAU_{name}" in answer.stderr


def test_a_carriers_parameters_are_no_comment_whatever_the_awk(tmp_path: Path) -> None:
    """In newer mawk's gsub a backslash in the replacement means another thing than in older."""
    texts = set()
    for awk in awks(tmp_path / "bin"):
        target = tmp_path / "etc" / awk.name
        target.parent.mkdir(exist_ok=True)
        contact = "sip:192.0.2.1:5060;transport=tcp;lr"
        assert render(target, {"TRUNK_CONTACT": contact}, awk).returncode == 0
        texts.add("\0".join(file.read_text() for file in sorted(target.glob("*.conf"))))
    assert len(texts) == 1
    assert "\ncontact = sip:192.0.2.1:5060\\;transport=tcp\\;lr\n" in texts.pop()


# ---- and where Python alone starts it ----------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("trunk_match", ("300.1.1.1",), "PLATEAU_TRUNK_MATCH=300.1.1.1: "),
        ("trunk_contact", "198.51.100.7", "write sip:198.51.100.7"),
        ("rtp_first", 20001, "PLATEAU_RTP_FIRST=20001 must be below"),
        ("tls_port", 5060, "PLATEAU_SIP_PORT and PLATEAU_TLS_PORT are both 5060"),
        ("domain", "x;y", "PLATEAU_DOMAIN=x;y: "),
    ],
)
def test_a_switch_is_described_by_right_values_only(
    tmp_path: Path, field: str, value: object, said: str
) -> None:
    with pytest.raises(SwitchUnavailable, match=said.replace("(", r"\(")):
        SwitchConfig(home=tmp_path, **{field: value})  # type: ignore[arg-type]
