"""An instance's folders before Asterisk starts: secrets, configuration, certificate, prompts.

Decides what is written where and who may read it; refuses to start anything. Running it again
changes nothing but the rendered configuration.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import subprocess
from pathlib import Path

from switch.finder import CHROOT
from switch.model import INNER_HOME, SwitchConfig, SwitchUnavailable

_PRIVATE_NETWORKS = ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
_FOLDERS = (
    *("etc", "var/cache", "var/keys", "spool/recording", "spool/tmp", "spool/system", "run", "log"),
    "sounds/plateau",
)
_MUSIC = re.compile(r"[A-Za-z0-9_-]{1,40}")
_NO_MUSIC = frozenset({"default", "general"})
WILDCARDS = frozenset({"0.0.0.0", "::"})


def configuration_source() -> Path:
    """Return the folder of templates and scripts: $PLATEAU_ASTERISK_CONF or the repository's.

    Raises:
        SwitchUnavailable: neither exists.
    """
    named = os.environ.get("PLATEAU_ASTERISK_CONF")
    folder = Path(named) if named else Path(__file__).resolve().parent.parent / "asterisk-conf"
    if not (folder / "render.sh").exists():
        raise SwitchUnavailable(
            f"The configuration templates are not in {folder}: run from the repository or set "
            "PLATEAU_ASTERISK_CONF to its folder asterisk-conf"
        )
    return folder


def generated_secret(folder: Path, name: str) -> str:
    """Return the secret kept in `folder/name`, made (256 random bits, mode 0600) if absent."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / name
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text(encoding="ascii").strip()
    value = secrets.token_hex(32)
    with os.fdopen(handle, "w", encoding="ascii") as out:
        out.write(value + "\n")
    return value


def make_folders(config: SwitchConfig) -> None:
    """Make the instance's folders and its hosts file (which must name the machine).

    Without its own name in /etc/hosts Asterisk blocks for seconds at every call in a look-up.
    """
    config.instance.mkdir(mode=0o750, parents=True, exist_ok=True)
    for name in _FOLDERS:
        (config.instance / name).mkdir(parents=True, exist_ok=True)
    machine = socket.gethostname()
    (config.instance / "run/hosts").write_text(
        f"127.0.0.1 localhost\n::1 localhost ip6-localhost\n127.0.1.1 {machine}\n",
        encoding="ascii",
    )


def render_environment(config: SwitchConfig, password: str, folder: str) -> dict[str, str]:
    """Return render.sh's variables; `folder` is the instance's folder as Asterisk sees it."""
    bind = config.bind_address
    specific = None if bind in WILDCARDS else bind
    outside = config.sip_address if config.sip_address not in {None, bind} else None
    networks = config.local_networks or _PRIVATE_NETWORKS
    return {
        "PLATEAU_DIR": folder,
        "PLATEAU_SYSTEM_NAME": f"plateau-{config.sip_port}",
        "PLATEAU_LANGUAGE": config.language,
        "PLATEAU_TONE_ZONE": {"fr": "fr", "en": "us"}.get(config.language, "fr"),
        "PLATEAU_DOMAIN": config.domain,
        "PLATEAU_APP": config.app,
        "PLATEAU_BIND": bind,
        "PLATEAU_SIP_PORT": str(config.sip_port),
        "PLATEAU_TLS_PORT": str(config.tls_port),
        "PLATEAU_HTTP_ADDRESS": config.http_address,
        "PLATEAU_HTTP_PORT": str(config.http_port),
        # TCP's of that number is ARI's: the two are the floor's doors.
        "PLATEAU_SIP_COPIES_PORT": str(config.http_port),
        "PLATEAU_HTTPS_ADDRESS": config.https_address or bind,
        "PLATEAU_HTTPS_PORT": str(config.https_port),
        "PLATEAU_HTTP_SESSIONS": str(config.http_sessions),
        "PLATEAU_RTP_FIRST": str(config.rtp_first),
        "PLATEAU_RTP_LAST": str(config.rtp_last),
        "PLATEAU_MEDIA_ADDRESS": "" if outside else (specific or ""),
        "PLATEAU_EXTERNAL_ADDRESS": outside or "",
        "PLATEAU_LOCAL_NETWORKS": ",".join(networks) if outside else "",
        "PLATEAU_MUSIC": ",".join(music_folders(config)),
        "PLATEAU_TRUNK_MATCH": ",".join(config.trunk_match),
        "PLATEAU_TRUNK_CONTACT": config.trunk_contact or "",
        "PLATEAU_ARI_USER": config.ari_user,
        "PLATEAU_ARI_PASSWORD": password,
        "PLATEAU_ARI_PERMIT": ",".join(config.ari_permit),
        "PLATEAU_MAX_CALL_S": str(config.max_call_s),
        "PLATEAU_RTP_TIMEOUT_S": str(config.rtp_timeout_s),
        "PLATEAU_RTP_TIMEOUT_HOLD_S": str(config.rtp_timeout_hold_s),
    }


def music_folders(config: SwitchConfig) -> list[str]:
    """Return the names of the music that was put into sounds/music/NAME/ for queues."""
    folders = (config.instance / "sounds/music").glob("*/")
    return sorted(f.name for f in folders if _MUSIC.fullmatch(f.name) and f.name not in _NO_MUSIC)


def render(config: SwitchConfig, password: str, *, folder: str = INNER_HOME) -> Path:
    """Render the templates into the instance's etc folder and return it.

    Raises:
        SwitchUnavailable: a value that configuration files cannot hold.
    """
    source = configuration_source()
    target = config.instance / "etc"
    answer = subprocess.run(
        ["/bin/sh", str(source / "render.sh"), str(source / "etc"), str(target)],
        env={"PATH": os.environ.get("PATH", os.defpath)}
        | render_environment(config, password, folder),
        capture_output=True,
        text=True,
    )
    if answer.returncode != 0:
        raise SwitchUnavailable(f"Asterisk's configuration was refused: {answer.stderr.strip()}")
    return target


def make_certificate(config: SwitchConfig, root: Path | None) -> None:
    """Make the self-signed certificate for TLS and WSS once; a certificate put there is kept.

    openssl comes from PATH, else from `root`. Raises SwitchUnavailable when there is none.
    """
    folder = config.instance / "etc/tls"
    if (folder / "plateau.crt").exists() and (folder / "plateau.key").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    address = config.sip_address or config.bind_address
    address = "127.0.0.1" if address in WILDCARDS else address
    names = f"subjectAltName=DNS:{config.domain},DNS:localhost,IP:{address}"
    wish = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "825"]
    wish += ["-subj", f"/CN={config.domain}", "-addext", names, "-keyout", "-", "-out", "-"]
    if shutil.which("openssl") is None:
        if root is None or os.geteuid() != 0 or not (root / "usr/bin/openssl").exists():
            raise SwitchUnavailable(
                "openssl, which makes the certificate for TLS and WSS, is not on PATH: "
                f"install the package openssl, or put plateau.crt and plateau.key into {folder}"
            )
        wish = [*CHROOT, str(root), *wish]
    answer = subprocess.run(wish, capture_output=True, text=True, timeout=60)
    begins = re.findall(r"-----BEGIN [A-Z ]+-----.*?-----END [A-Z ]+-----\n", answer.stdout, re.S)
    keys = [text for text in begins if "PRIVATE KEY" in text]
    certificates = [text for text in begins if "BEGIN CERTIFICATE" in text]
    if answer.returncode != 0 or not keys or not certificates:
        raise SwitchUnavailable(f"openssl made no certificate: {answer.stderr.strip()[-300:]}")
    with os.fdopen(os.open(folder / "plateau.key", os.O_WRONLY | os.O_CREAT, 0o600), "w") as out:
        out.write(keys[0])
    (folder / "plateau.crt").write_text(certificates[0], encoding="ascii")


def put_prompts(config: SwitchConfig, root: Path | None) -> bool:
    """Put the product's prompts into sounds/plateau/{fr,en} where they are missing.

    They come from the root folder, else espeak-ng and sox on PATH speak them. Returns False when
    neither is there: the fallback then uses Asterisk's own sounds, and flows have no prompts.
    """
    target = config.instance / "sounds/plateau"
    source = configuration_source()
    wanted = [
        target / language / f"{key}.wav"
        for key, language in (
            line.split("|")[:2]
            for line in (source / "prompts.txt").read_text(encoding="utf-8").splitlines()
            if line and not line.startswith("#")
        )
    ]
    if all(file.exists() for file in wanted):
        return True
    made = (root or Path("/")) / "usr/share/plateau/sounds"
    if made.is_dir():
        for file in wanted:
            spoken = made / file.relative_to(target)
            if spoken.exists() and not file.exists():
                file.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(spoken, file)
        return all(file.exists() for file in wanted)
    if shutil.which("espeak-ng") and shutil.which("sox"):
        speak = ["/bin/sh", str(source / "make-prompts.sh"), str(source / "prompts.txt")]
        answer = subprocess.run([*speak, str(target)], capture_output=True, timeout=120)
        return answer.returncode == 0
    return False


def give_to(config: SwitchConfig, uid: int, gid: int) -> None:
    """Make the unprivileged user of Asterisk own the instance's folder (superuser only).

    Recordings are many and Asterisk's own: they are looked at only when their folder is not its.
    What a floor of the superuser speaks later is read by Asterisk through the group of the sounds'
    folders, which new files take over.
    """
    recordings = config.recordings
    kept = recordings.stat().st_uid == uid
    for folder, inner, files in os.walk(config.instance):
        os.chown(folder, uid, gid)
        if kept and Path(folder) == recordings:
            inner.clear()
            continue
        for name in files:
            os.lchown(Path(folder) / name, uid, gid)
    for folder, _, _ in os.walk(config.instance / "sounds"):
        Path(folder).chmod(0o2750)


def give_home_to_its_owner(config: SwitchConfig) -> None:
    """Let the home's owner read what the superuser just wrote into it; nothing for anybody else."""
    if os.geteuid() != 0:
        return
    owner = config.home.stat()
    for path in (config.secrets, *config.secrets.iterdir(), *config.home.glob("switch.*")):
        os.lchown(path, owner.st_uid, owner.st_gid)
