"""PURE: why a call was given to an agent, or waited, in French and English sentences."""

from __future__ import annotations

from typing import Literal

from acd.facts import Candidate

Language = Literal["fr", "en"]

_TRIGGERS = {
    "arrival": ("À l’entrée en file", "On entering the queue"),
    "agent_freed": ("Un téléconseiller s’est libéré", "An agent became free"),
    "requeue": ("Remis en file", "Put back into the queue"),
    "restart": ("Au redémarrage du moteur", "When the floor restarted"),
}
_STATES = {
    "signed_out": ("n’est pas connecté", "is signed out"),
    "offered": ("a déjà un appel qui sonne", "has another call ringing"),
    "talking": ("est en communication", "is talking"),
    "wrap_up": ("est en post-appel", "is in wrap-up"),
    "paused": ("est en pause", "is paused"),
    "not_responding": ("ne répond pas", "is not responding"),
    "unreachable": ("a un poste injoignable", "has an unreachable phone"),
    "resting": ("vient de refuser un appel", "has just refused a call"),
    "unknown": ("n’est plus configuré", "is not configured any more"),
}


def pick_language(lang: str | None, accept: str | None) -> Language:
    """The language asked for: `lang`, then the first of ours in Accept-Language, else French."""
    wanted = [lang or "", *(part.partition(";")[0].strip() for part in (accept or "").split(","))]
    for tag in wanted:
        match tag.lower()[:2]:
            case "fr":
                return "fr"
            case "en":
                return "en"
    return "fr"


def of_candidate(candidate: Candidate, language: Language) -> str:
    """One agent, as the router saw them."""
    french = language == "fr"
    who, verdict = candidate.agent_id, candidate.verdict
    idle_s = None if candidate.idle_ms is None else candidate.idle_ms // 1000
    if verdict == "chosen":
        since = "" if idle_s is None else f" (libre depuis {idle_s} s)"
        since_en = "" if idle_s is None else f" (idle for {idle_s} s)"
        return f"{who} est choisi{since}." if french else f"{who} was chosen{since_en}."
    if verdict == "fit":
        return (
            f"{who} convenait aussi, libre depuis {idle_s or 0} s : moins longtemps."
            if french
            else f"{who} was fit too, but idle for less long: {idle_s or 0} s."
        )
    kind, _, rest = verdict.partition(":")
    if kind == "lacks":
        return (
            f"{who} n’a pas la compétence {rest}." if french else f"{who} lacks the skill {rest}."
        )
    if kind == "below":
        skill, _, levels = rest.partition(":")
        have, _, need = levels.partition("<")
        return (
            f"{who} a le niveau {have} en {skill}, il faut {need}."
            if french
            else f"{who} has level {have} in {skill}, {need} is needed."
        )
    words = _STATES.get(verdict)
    if words is None:
        return f"{who} : {verdict}." if french else f"{who}: {verdict}."
    return f"{who} {words[0 if french else 1]}."


def of_decision(
    trigger: str, agent_id: str | None, signed_in: int, waiting_ahead: int, language: Language
) -> str:
    """The decision in one sentence."""
    french = language == "fr"
    words = _TRIGGERS.get(trigger, (trigger, trigger))
    when = words[0 if french else 1]
    if agent_id is not None:
        return (
            f"{when} : appel présenté à {agent_id}."
            if french
            else f"{when}: offered to {agent_id}."
        )
    if french:
        ahead = f", {waiting_ahead} appel(s) devant" if waiting_ahead else ""
        return f"{when} : personne n’était libre et compétent ({signed_in} connecté(s){ahead})."
    ahead = f", {waiting_ahead} call(s) ahead" if waiting_ahead else ""
    return f"{when}: nobody was both free and fit ({signed_in} signed in{ahead})."
