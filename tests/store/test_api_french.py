"""What the web process refuses is said in French to whoever prefers it, whatever it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.api_stand import running

pytestmark = pytest.mark.store

FRENCH = {"accept-language": "fr-FR,fr;q=0.9,en;q=0.5"}
REFUSALS: list[tuple[str, str, str, object, str]] = [
    ("GET", "/agents/nobody", "boss", None, "Le téléconseiller « nobody » n’existe pas."),
    ("GET", "/calls/none", "boss", None, "L’appel « none » n’existe pas."),
    ("GET", "/queues/none", "boss", None, "La file « none » n’existe pas."),
    ("POST", "/queues", "boss", {}, "Il faut le rôle administrateur ; le vôtre est superviseur."),
    ("GET", "/agents/1002", "1001", None, "Un téléconseiller ne voit que lui-même."),
    ("POST", "/agents/1002/ready", "1001", None, "Un téléconseiller n’agit que pour lui-même."),
    (
        "POST", "/agents/me/ready", "boss", None,
        "Votre compte n’est celui d’aucun téléconseiller : nommez-en un.",
    ),
    (
        "POST", "/agents/1001/supervision", "boss", {"mode": "listen"},
        "Votre compte n’est celui d’aucun téléconseiller : choisissez le poste d’écoute.",
    ),
    (
        "POST", "/callbacks", "boss", {"queue_id": "support", "number": "+33 12"},
        "ce n’est pas un numéro de téléphone : écrivez 01 23 45 67 89 ou +33123456789",
    ),
    (
        "POST", "/callbacks", "boss", {"queue_id": "support", "number": "0612345678", "at": 1774},
        "Demande refusée : /at : 1774 n’est pas en millisecondes depuis 1970 ; ",
    ),
    (
        "POST", "/callbacks", "boss", {"number": "0612345678"},
        "Demande refusée : /queue_id : à remplir.",
    ),
    (
        "POST", "/agents/1001/state", "boss", {"state": "asleep"},
        "Demande refusée : /state : valeurs possibles : ",
    ),
    (
        "GET", "/calls?limit=0", "boss", None,
        "Demande refusée : limit : au moins 1.",
    ),
    (
        "GET", "/calls?befor=x", "boss", None,
        "Il n’y a pas de paramètre « befor » ici ; ",
    ),
    ("GET", "/calls?cursor=x", "boss", None, "Ce n’est pas le « next » d’une page."),
    ("GET", "/nothing/here", "boss", None, "Il n’y a rien à l’adresse /api/v1/nothing/here."),
    (
        "POST", "/flows", "admin", {"flow": "x", "start": "y", "nodes": {}},
        "Ligne 1, colonne ",
    ),
]  # fmt: skip


async def test_every_refusal_is_french_for_who_prefers_french(tmp_path: Path) -> None:
    wrong: list[str] = []
    async with running(tmp_path) as stand:
        for method, path, who, body, said in REFUSALS:
            content = {} if body is None else {"json": body}
            answer = await stand.call(method, path, who, headers=FRENCH, **content)
            english = (await stand.call(method, path, who, **content)).json()
            problem = answer.json()
            if (
                answer.status_code < 400
                or answer.headers["content-language"] != "fr"
                or not problem["detail"].startswith(said)
                or problem["type"] != english["type"]
                or problem["detail"] == english["detail"]
            ):
                wrong.append(f"{method} {path} {body}: {answer.status_code} {problem}")
        form = {"username": "boss", "password": "wrong"}
        refused = await stand.http.post("/api/v1/token", data=form, headers=FRENCH)
        assert refused.json()["detail"] == "Identifiant ou mot de passe incorrect."
    assert wrong == []
