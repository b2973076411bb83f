"""What is written for Asterisk and for compose: rendered values, refusals, one list of packages."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import wave
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from plateau.settings import Settings
from switch import prepare, process
from switch.model import SwitchConfig, SwitchUnavailable

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]
CONF = ROOT / "asterisk-conf"


@pytest.fixture
def config(tmp_path: Path) -> SwitchConfig:
    return SwitchConfig(home=tmp_path / "home", sip_port=25060, http_port=18088)


def rendered(config: SwitchConfig, name: str) -> str:
    return (prepare.render(config, "s3cret") / name).read_text()


def test_values_reach_their_files_and_nothing_is_left_open(config: SwitchConfig) -> None:
    prepare.make_folders(config)
    etc = prepare.render(replace(config, max_call_s=777), "s3cret")
    files = {file.name: file.read_text() for file in etc.iterdir()}
    assert "bind = 127.0.0.1:25060" in files["pjsip.conf"]
    assert "TIMEOUT(absolute)=777" in files["extensions.conf"]
    assert "bindport = 18088" in files["http.conf"]
    assert "password = s3cret" in files["ari.conf"]
    assert not [name for name, text in files.items() if re.search(r"@[A-Z_]+@", text)]
    assert not [name for name, text in files.items() if re.search(r"^[?*][A-Z]", text, re.M)]
    assert stat.S_IMODE((etc / "ari.conf").stat().st_mode) == 0o600


def test_several_values_make_several_lines(config: SwitchConfig) -> None:
    wide = replace(
        config, bind_address="0.0.0.0", sip_address="203.0.113.7",
        local_networks=("10.0.0.0/8", "192.168.0.0/16"), trunk_match=("192.0.2.1", "192.0.2.2"),
        trunk_contact="sip:192.0.2.1:5060",
    )  # fmt: skip
    text = rendered(wide, "pjsip.conf")
    assert text.count("local_net = ") == 2
    assert "external_media_address = 203.0.113.7" in text
    assert "match = 192.0.2.1,192.0.2.2" in text
    assert "contact = sip:192.0.2.1:5060" in text
    assert "media_address = 127" not in text
    assert not re.search(r"^contact = ", rendered(config, "pjsip.conf"), re.M)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DOMAIN", "a\nlive_dangerously = yes"),
        ("APP", "plateau,${SHELL(id)}"),
        ("TRUNK_CONTACT", "sip:x|lr"),
        ("DOMAIN", "x;y"),
        ("DOMAIN", "[section]"),
        ("DIR", "/srv;x"),
    ],
)
def test_a_value_cannot_become_configuration(tmp_path: Path, name: str, value: str) -> None:
    answer = subprocess.run(
        ["sh", str(CONF / "render.sh"), str(CONF / "etc"), str(tmp_path / "etc")],
        env={"PATH": os.environ["PATH"], "PLATEAU_ARI_PASSWORD": "x", f"PLATEAU_{name}": value},
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 1
    assert f"PLATEAU_{name} holds a character that no configuration value may" in answer.stderr
    assert not (tmp_path / "etc").exists()


def test_a_carrier_may_be_reached_over_another_transport(config: SwitchConfig) -> None:
    over = replace(config, trunk_contact="sip:192.0.2.1:5060;transport=tcp;lr")
    text = rendered(over, "pjsip.conf")
    assert re.search(r"^contact = sip:192\.0\.2\.1:5060\\;transport=tcp\\;lr$", text, re.M)


def test_a_bad_password_is_refused_without_being_shown(config: SwitchConfig) -> None:
    with pytest.raises(SwitchUnavailable) as refused:
        prepare.render(config, "se;cret")
    assert "PLATEAU_ARI_PASSWORD" in str(refused.value)
    assert "se;cret" not in str(refused.value)
    with pytest.raises(SwitchUnavailable, match="never opened without a password"):
        prepare.render(config, "")


def test_folders_of_music_become_classes_of_their_names(config: SwitchConfig) -> None:
    for name in ("jazz", "with blanks", "default"):
        (config.instance / "sounds/music" / name).mkdir(parents=True)
    text = rendered(config, "musiconhold.conf")
    assert re.findall(r"^\[(.+)\]$", text, re.M) == ["general", "default", "jazz"]
    assert "[jazz]\nmode = files\ndirectory = /srv/plateau/sounds/music/jazz\n" in text


def test_certificates_survive_rendering(config: SwitchConfig) -> None:
    prepare.make_folders(config)
    prepare.render(config, "one")
    tls = config.instance / "etc/tls"
    tls.mkdir()
    (tls / "plateau.crt").write_text("mine")
    prepare.render(config, "two")
    assert (tls / "plateau.crt").read_text() == "mine"


def test_every_dialplan_context_enters_stasis_or_is_where_it_leads(config: SwitchConfig) -> None:
    text = rendered(config, "extensions.conf")
    contexts = dict(re.findall(r"^\[([a-z-]+)\]\n(.*?)(?=^\[|\Z)", text, re.M | re.S))
    assert set(contexts) == {
        *("general", "from-trunk", "trunk-call", "from-agents", "phone-call"),
        *("phone-transfer", "forwarded", "after-app", "fallback"),
    }
    assert "exten" not in contexts["forwarded"], "nobody is reached by a forwarding"
    assert '"${CHANNEL(channeltype)}" = "Local"]?after-app,s,done)' in contexts["trunk-call"]
    ways = (("from-trunk", "trunk-call", "inbound"), ("from-agents", "phone-call", "agent"))
    for name, call, word in ways:
        entries = contexts[name].count("exten =>")
        assert entries == contexts[name].count(f"Goto({call},s,1)") == 3
        assert entries == contexts[name].count("Set(DIALLED=")
        entry = f"Stasis(plateau,{word},${{BASE64_ENCODE((((=${{DIALLED}})}}"
        assert contexts[call].count(entry) == 1
        assert contexts[call].count("Goto(after-app,s,1)") == 1
        assert contexts[call].count("TIMEOUT(absolute)=14400") == 1
    assert "Set(CALLERID(all)=)" in contexts["trunk-call"]
    assert contexts["phone-call"].count("Set(TRANSFER_CONTEXT=phone-transfer)") == 1
    assert re.findall(r"1,(\S+)", contexts["phone-transfer"]) == ["Wait(0.5)"] * 3
    assert contexts["fallback"].count("technical-difficulty") == 2


def test_modules_are_listed_once_and_nothing_loads_by_itself() -> None:
    text = (CONF / "etc/modules.conf").read_text()
    assert "autoload = no" in text
    names = re.findall(r"^(?:require|load) = (\S+)$", text, re.M)
    assert len(names) == len(set(names)) > 60
    assert not {"res_pjsip_endpoint_identifier_anonymous.so", "app_system.so"} & set(names)


def test_secrets_are_made_once_and_for_us_alone(tmp_path: Path) -> None:
    first = prepare.generated_secret(tmp_path / "secrets", "ari_password")
    assert re.fullmatch("[0-9a-f]{64}", first)
    assert prepare.generated_secret(tmp_path / "secrets", "ari_password") == first
    assert stat.S_IMODE((tmp_path / "secrets/ari_password").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700


def test_compose_secrets_are_made_once(tmp_path: Path) -> None:
    command = ["sh", str(CONF / "make-secrets.sh"), str(tmp_path / "a"), str(tmp_path / "b")]
    subprocess.run(command, check=True, capture_output=True)
    values = [(tmp_path / name).read_text() for name in "ab"]
    assert all(re.fullmatch("[0-9a-f]{64}", value) for value in values)
    assert values[0] != values[1]
    subprocess.run(command, check=True, capture_output=True)
    assert [(tmp_path / name).read_text() for name in "ab"] == values


def test_one_list_of_packages_serves_image_and_root_folder() -> None:
    def packages(*sections: str) -> list[str]:
        command = ["sh", str(CONF / "packages.sh"), str(CONF / "packages.txt"), *sections]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()

    assert {"asterisk", "asterisk-modules", "openssl"} <= set(packages("asterisk"))
    assert packages("sipp") == ["sip-tester"]
    assert packages("asterisk", "sipp") == packages("asterisk") + packages("sipp")
    for file in ("Dockerfile", "make-rootfs.sh"):
        text = (CONF / file).read_text()
        assert "packages.txt" in text
        assert "asterisk-modules" not in text


@pytest.mark.parametrize("script", sorted(CONF.glob("*.sh")), ids=lambda path: path.name)
def test_scripts_are_posix_and_name_no_host(script: Path) -> None:
    assert subprocess.run(["/bin/sh", "-n", str(script)]).returncode == 0
    assert not re.search(r"https?://\w", script.read_text())


def test_each_prompt_exists_in_both_languages() -> None:
    lines = [line.split("|") for line in (CONF / "prompts.txt").read_text().splitlines()]
    prompts = [line for line in lines if not line[0].startswith("#")]
    keys = {line[0] for line in prompts}
    assert {(key, language) for key in keys for language in ("fr", "en")} == {
        (line[0], line[1]) for line in prompts
    }
    assert keys == {
        *("welcome", "all-agents-busy", "closed", "goodbye", "invalid-choice", "no-choice"),
        "technical-difficulty",
    }


def test_spoken_prompts_are_copied_and_a_recorded_voice_stays(
    config: SwitchConfig, tmp_path: Path
) -> None:
    prepare.make_folders(config)
    made = tmp_path / "root/usr/share/plateau/sounds"
    for line in (CONF / "prompts.txt").read_text().splitlines():
        if not line.startswith("#"):
            key, language, _ = line.split("|")
            (made / language).mkdir(parents=True, exist_ok=True)
            with wave.open(str(made / language / f"{key}.wav"), "wb") as out:
                out.setnchannels(1)
                out.setsampwidth(2)
                out.setframerate(8000)
                out.writeframes(b"\0\0" * 80)
    own = config.instance / "sounds/plateau/fr/welcome.wav"
    own.parent.mkdir(parents=True)
    own.write_bytes(b"recorded")
    assert prepare.put_prompts(config, tmp_path / "root") is True
    assert own.read_bytes() == b"recorded"
    assert (config.instance / "sounds/plateau/en/goodbye.wav").exists()


def test_compose_publishes_no_ari_and_keeps_sql_inside() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    services = compose["services"]
    assert {"asterisk", "floor", "api", "postgres", "sipp", "secrets", "migrate"} == set(services)
    ports = [str(port) for service in services.values() for port in service.get("ports", [])]
    assert not [port for port in ports if "8088" in port or "5432" in port]
    assert services["api"]["ports"] == ["127.0.0.1:${PLATEAU_API_PORT:-8000}:8000"]
    assert compose["networks"]["control"]["internal"] is True
    assert services["postgres"]["networks"] == ["control"]
    assert services["sipp"]["profiles"] == ["sipp"]
    for name in ("asterisk", "floor", "api", "postgres"):
        assert services[name]["healthcheck"]["test"]
    assert "password:" not in (ROOT / "docker-compose.yml").read_text().lower().replace(
        "password_file", ""
    )


_COMPOSE_OWN = frozenset(
    {
        *("home", "database_url", "database_password_file", "rootfs", "bind_address"),
        *("sip_port", "tls_port", "http_port", "https_port", "api_host"),
        *("ari_url", "ari_user", "ari_password_file", "ari_app"),
        *("recordings", "sounds", "sounds_uri_prefix"),
    }
)
"""Settings that compose chooses itself: addresses, ports and folders inside its own networks."""


def test_compose_takes_every_setting_that_is_not_its_own() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    taken = {name.lower() for name in re.findall(r"\$\{PLATEAU_([A-Z_]+)[:?-]", text)}
    assert taken == set(Settings.model_fields) - _COMPOSE_OWN
    services = yaml.safe_load(text)["services"]
    environment = services["asterisk"]["environment"]
    for name in ("LANGUAGE", "DOMAIN", "MAX_CALL_S", "RTP_TIMEOUT_S", "RTP_FIRST", "TRUNK_CONTACT"):
        assert environment[f"PLATEAU_{name}"].startswith(f"${{PLATEAU_{name}:-")
    for service in ("floor", "api", "migrate"):
        assert services[service]["environment"]["PLATEAU_TIME_ZONE"] == "${PLATEAU_TIME_ZONE:-}"
    assert services["api"]["environment"]["PLATEAU_TRUSTED_PROXIES"]


def test_compose_starts_with_no_carrier_by_oversight() -> None:
    environment = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["asterisk"][
        "environment"
    ]
    assert environment["PLATEAU_TRUNK_MATCH"].startswith("${PLATEAU_TRUNK_MATCH:?")
    assert environment["PLATEAU_EXTERNAL_ADDRESS"].startswith("${PLATEAU_SIP_ADDRESS?")
    for ignored in (".gitignore", ".dockerignore"):
        assert ".env" in (ROOT / ignored).read_text().splitlines()


def test_under_compose_asterisk_logs_to_its_output_alone(
    config: SwitchConfig, tmp_path: Path
) -> None:
    environment = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["asterisk"][
        "environment"
    ]
    told = {name: environment[name] for name in ("PLATEAU_LOG_CONSOLE", "PLATEAU_LOG_FILES")}
    target = tmp_path / "etc"
    subprocess.run(
        ["/bin/sh", str(CONF / "render.sh"), str(CONF / "etc"), str(target)],
        env=os.environ | told | {"PLATEAU_ARI_PASSWORD": "x"},
        check=True,
    )
    text = (target / "logger.conf").read_text()
    assert "console => notice,warning,error,security" in text
    assert not re.search(r"\.log", text.partition("[logfiles]")[2])
    beside = rendered(config, "logger.conf")
    assert "console => error\n" in beside
    assert "security.log => security" in beside


def test_a_pid_of_another_start_time_is_not_ours() -> None:
    ticks = process.start_ticks(os.getpid())
    assert ticks is not None
    assert process.is_same_process(os.getpid(), ticks)
    assert not process.is_same_process(os.getpid(), ticks + 1)
    with subprocess.Popen(["true"]) as child:
        # Until it is waited for it is a zombie at most, which counts as gone.
        assert process.wait_gone(child.pid, process.start_ticks(child.pid) or -1, 5.0)
