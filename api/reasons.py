"""PURE: why a call was given to an agent, or waited, in French and English sentences.

Written for supervisors: steps count from 1, times are in seconds, shares in per cent. What is not
known (decisions kept by an older release) is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from acd.facts import Candidate
from acd.model import AgentId

if TYPE_CHECKING:
    from store.queries import DecisionRow

Language = Literal["fr", "en"]

_TRIGGERS = {
    "arrival": ("À l’entrée en file", "On entering the queue"),
    "agent_freed": ("Un téléconseiller s’est libéré", "An agent became free"),
    "requeue": ("Remis en file à sa place", "Put back into the queue at its place"),
    "relaxed": ("La recherche s’est élargie", "The search widened"),
    "restart": ("Au redémarrage du moteur", "When the floor restarted"),
    "configured": ("La configuration a changé", "The configuration changed"),
    "priority": ("La priorité de l’appel a changé", "The call's priority changed"),
}
_STATES = {
    "signed_out": ("n’est pas connecté", "is signed out"),
    "offered": ("a déjà un appel qui sonne", "has another call ringing"),
    "talking": ("est en communication", "is talking"),
    "holding": ("a un appel en attente", "has a call on hold"),
    "consulting": ("est en consultation", "is consulting"),
    "wrap_up": ("est en post-appel", "is in wrap-up"),
    "paused": ("est en pause", "is paused"),
    "not_responding": ("ne répond pas", "is not responding"),
    "unreachable": ("a un poste injoignable", "has an unreachable phone"),
    "resting": ("vient de refuser un appel", "has just refused a call"),
    "unknown": ("n’est plus configuré", "is not configured any more"),
    "no_voice": ("ne prend pas d’appels", "takes no calls"),
    "not_member": ("n’est pas membre de la file", "is not a member of the queue"),
    "not_preferred": (
        "n’est pas des seuls téléconseillers admis à cette étape",
        "is not one of the only agents admitted in this step",
    ),
}
_RULES = {
    "longest_idle": ("le plus longtemps disponible", "idle for longest"),
    "ring_all": (
        "en tête de ceux qu’on fait sonner ensemble",
        "first of those who are rung together",
    ),
    "least_occupied": ("le moins occupé", "the least occupied"),
    "best_skill": ("le plus compétent", "the best skilled"),
    "fewest_calls": ("celui qui a pris le moins d’appels", "who has taken the fewest calls"),
    "round_robin": ("dont c’était le tour", "whose turn it was"),
}


def pick_language(lang: str | None, accept: str | None, otherwise: Language = "fr") -> Language:
    """The one asked for: `lang`, then the first of ours in Accept-Language, else `otherwise`."""
    wanted = [lang or "", *(part.partition(";")[0].strip() for part in (accept or "").split(","))]
    for tag in wanted:
        match tag.lower()[:2]:
            case "fr":
                return "fr"
            case "en":
                return "en"
    return otherwise


class Names(NamedTuple):
    """What agents and skills are called, by id. Who is not in it any more is told by id."""

    agents: Mapping[str, str]
    skills: Mapping[str, str]

    def agent(self, agent_id: str | None) -> str | None:
        """The agent's name in the place of the id, for sentences only."""
        return None if agent_id is None else self.agents.get(agent_id, agent_id)


def named_candidate(candidate: Candidate, names: Names) -> Candidate:
    """The same with names where ids stood: people read names."""
    kind, colon, rest = candidate.verdict.partition(":")
    match kind:
        case "lacks":
            rest = names.skills.get(rest, rest)
        case "below":
            skill, _, levels = rest.rpartition(":")
            rest = f"{names.skills.get(skill, skill)}:{levels}"
        case "only":
            rest = names.agents.get(rest, rest)
    who = AgentId(names.agents.get(candidate.agent_id, candidate.agent_id))
    return msgspec.structs.replace(candidate, agent_id=who, verdict=f"{kind}{colon}{rest}")


def named_decision(decision: DecisionRow, names: Names) -> DecisionRow:
    """The same with names where ids stood."""
    return msgspec.structs.replace(
        decision,
        agent_id=names.agent(decision.agent_id),
        only_agent_id=names.agent(decision.only_agent_id),
        candidates=tuple(named_candidate(seen, names) for seen in decision.candidates),
    )


# ---- one agent ---------------------------------------------------------------------------------


def of_candidate(
    candidate: Candidate,
    language: Language,
    chosen: Candidate | None = None,
    strategy: str | None = None,
) -> str:
    """One agent, as the router saw them; beside the `chosen` one, by the queue's `strategy`."""
    said = _Say(language)
    if candidate.verdict == "chosen":
        return said(
            f"{candidate.agent_id} est choisi{_known(candidate, strategy, 'fr')}.",
            f"{candidate.agent_id} was chosen{_known(candidate, strategy, 'en')}.",
        )
    if candidate.verdict == "fit":
        return _also_fit(candidate, chosen, strategy, said)
    return _refused(candidate, said)


class _Say:
    """Picks one of two sentences."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language

    def __call__(self, french: str, english: str) -> str:
        return french if self.language == "fr" else english


def _seconds(ms: int | None) -> int:
    return (ms or 0) // 1000


def _known(candidate: Candidate, strategy: str | None, language: Language) -> str:
    """What is known of one who fits, in brackets; empty if nothing is."""
    said = _Say(language)
    parts: list[str] = []
    if candidate.idle_ms is not None:
        idle_s = _seconds(candidate.idle_ms)
        parts.append(said(f"libre depuis {idle_s} s", f"idle for {idle_s} s"))
    if candidate.preferred:
        parts.append(said("préféré à cette étape", "preferred in this step"))
    if candidate.step:
        step = candidate.step + 1
        parts.append(said(f"admis depuis l’étape {step}", f"admitted from step {step} on"))
    if candidate.priority:
        parts.append(said(f"priorité {candidate.priority:+d}", f"priority {candidate.priority:+d}"))
    if candidate.score is not None:
        parts += _score(strategy, candidate.score, said)
    return f" ({', '.join(parts)})" if parts else ""


def _score(strategy: str | None, score: int, said: _Say) -> list[str]:
    match strategy:
        case "least_occupied":
            share = f"{score / 10:.0f}"
            return [said(f"occupé {share} % du temps", f"busy {share} % of the time")]
        case "best_skill":
            return [said(f"{score} points de compétence", f"{score} skill points")]
        case "fewest_calls":
            return [said(f"{score} appels pris", f"{score} calls taken")]
        case _:
            return []


def _also_fit(
    candidate: Candidate, chosen: Candidate | None, strategy: str | None, said: _Say
) -> str:
    """Why one who was fit and free was not the one: the first rule by which they differ."""
    who = candidate.agent_id
    if chosen is None:
        idle_s = _seconds(candidate.idle_ms)
        return said(
            f"{who} convenait, libre depuis {idle_s} s.",
            f"{who} was fit, idle for {idle_s} s.",
        )
    first, mine = chosen.step or 0, candidate.step or 0
    if mine > first:
        why = said(f"seulement depuis l’étape {mine + 1}", f"only from step {mine + 1} on")
    elif chosen.preferred and not candidate.preferred:
        why = said("sans être préféré à cette étape", "not preferred in this step")
    elif candidate.priority < chosen.priority:
        why = said(
            f"avec une priorité moindre ({candidate.priority} contre {chosen.priority})",
            f"with a lower priority ({candidate.priority} against {chosen.priority})",
        )
    elif candidate.score is not None and candidate.score != chosen.score:
        why = _worse(strategy, candidate.score, chosen.score or 0, said)
    else:
        idle_s = _seconds(candidate.idle_ms)
        why = said(f"libre depuis {idle_s} s : moins longtemps", f"idle for less long: {idle_s} s")
    return said(f"{who} convenait aussi, {why}.", f"{who} was fit too, but {why}.")


def _worse(strategy: str | None, mine: int, best: int, said: _Say) -> str:
    match strategy:
        case "least_occupied":
            return said(
                f"plus occupé ({mine / 10:.0f} % contre {best / 10:.0f} %)",
                f"busier ({mine / 10:.0f} % against {best / 10:.0f} %)",
            )
        case "best_skill":
            return said(
                f"moins compétent ({mine} points contre {best})",
                f"less skilled ({mine} points against {best})",
            )
        case "fewest_calls":
            return said(
                f"avec plus d’appels pris ({mine} contre {best})",
                f"with more calls taken ({mine} against {best})",
            )
        case _:
            return said("servi plus récemment dans le tour", "more recently served in the round")


def _refused(candidate: Candidate, said: _Say) -> str:
    who = candidate.agent_id
    kind, _, rest = candidate.verdict.partition(":")
    match kind:
        case "lacks":
            return said(f"{who} n’a pas la compétence {rest}.", f"{who} lacks the skill {rest}.")
        case "below":
            skill, _, levels = rest.rpartition(":")
            have, _, need = levels.partition("<")
            return said(
                f"{who} a le niveau {have} en {skill}, il faut {need}.",
                f"{who} has level {have} in {skill}, {need} is needed.",
            )
        case "unmet":
            return said(
                f"{who} ne remplit pas la condition de l’étape : {rest}.",
                f"{who} does not meet the step’s condition: {rest}.",
            )
        case "later":
            step = int(rest) + 1
            return said(
                f"{who} n’est admis qu’à partir de l’étape {step}, pas encore ouverte.",
                f"{who} is admitted from step {step} on only, which was not open yet.",
            )
        case "delay":
            return said(
                f"{who} n’est admis que {rest} s après l’entrée en file.",
                f"{who} is admitted only {rest} s after a call has entered the queue.",
            )
        case "only":
            return said(
                f"{who} n’était pas demandé : l’appel était réservé à {rest}.",
                f"{who} was not asked: the call was kept for {rest}.",
            )
    words = _STATES.get(candidate.verdict)
    if words is None:
        return said(f"{who} : {candidate.verdict}.", f"{who}: {candidate.verdict}.")
    return f"{who} {said(*words)}."


# ---- one decision ------------------------------------------------------------------------------


def of_decision(decision: DecisionRow, before: DecisionRow | None, language: Language) -> str:
    """The decision in words; `before` is the one before it in the same queue, None: the first."""
    said = _Say(language)
    when = said(*_TRIGGERS.get(decision.trigger, (decision.trigger, decision.trigger)))
    waited_s = None if decision.waited_ms is None else _seconds(decision.waited_ms)
    if waited_s:
        when += said(f", après {waited_s} s", f", after {waited_s} s")
    told = [f"{when}{said(' : ', ': ')}{_outcome(decision, said)}."]
    told += _widened(decision, before, said)
    return " ".join(told)


def _outcome(decision: DecisionRow, said: _Say) -> str:
    if decision.agent_id is not None:
        return _given(decision, said)
    if decision.only_agent_id is not None:
        only = decision.only_agent_id
        found = said(
            f"réservé à {only}, qui n’était pas libre", f"kept for {only}, who was not free"
        )
    elif decision.could_serve is None:
        found = said(
            f"personne n’était libre et compétent ({decision.signed_in} connecté(s))",
            f"nobody was both free and fit ({decision.signed_in} signed in)",
        )
    elif decision.could_serve == 0:
        found = _nobody(decision.signed_in, said)
    else:
        share = f"{decision.could_serve}/{decision.signed_in}"
        found = said(
            f"aucun de ceux qui peuvent prendre cet appel n’était libre ({share} connectés)",
            f"none of those who may take this call was free ({share} signed in)",
        )
    if decision.waiting_ahead:
        found += said(
            f" ; {decision.waiting_ahead} appel(s) devant dans la file",
            f"; {decision.waiting_ahead} call(s) ahead in the queue",
        )
    return found


def _nobody(signed_in: int, said: _Say) -> str:
    """Nobody signed in may take the call."""
    match signed_in:
        case 0:
            return said("personne n’est connecté", "nobody is signed in")
        case 1:
            return said(
                "le seul connecté ne peut pas prendre cet appel pour l’instant",
                "the only one signed in may not take this call for now",
            )
        case _:
            return said(
                f"aucun des {signed_in} connectés ne peut prendre cet appel pour l’instant",
                f"none of the {signed_in} signed in may take this call for now",
            )


def _given(decision: DecisionRow, said: _Say) -> str:
    agent = decision.agent_id
    given = said(f"appel présenté à {agent}", f"offered to {agent}")
    if decision.only_agent_id is not None:
        return given + said(", à qui il était réservé", ", for whom it was kept")
    others = any(candidate.verdict == "fit" for candidate in decision.candidates)
    rule = _RULES.get(decision.strategy or "")
    if not others or rule is None:
        return given
    chosen = next((c for c in decision.candidates if c.verdict == "chosen"), None)
    if chosen is not None and chosen.preferred:
        return given + said(", préféré à cette étape", ", who is preferred in this step")
    return given + said(f", {rule[0]} de ceux qui conviennent", f", {rule[1]} of those who fit")


def _widened(decision: DecisionRow, before: DecisionRow | None, said: _Say) -> list[str]:
    """What was open then, and what had opened since the decision before."""
    told: list[str] = []
    if before is not None and before.only_agent_id and not decision.only_agent_id:
        only = before.only_agent_id
        told.append(
            said(f"On n’attend plus {only} seul.", f"{only} is not waited for alone any more.")
        )
    step, steps = decision.step, decision.steps or 1
    if step is not None and steps > 1:
        opened = before is not None and before.step is not None and step > before.step
        told.append(
            said(
                f"{'Ouverture de l’étape' if opened else 'Étape'} {step + 1} sur {steps}.",
                f"Step {step + 1} of {steps} {'has opened' if opened else 'was open'}.",
            )
        )
    delay_s = decision.delay_s or 0
    if delay_s > ((before.delay_s or 0) if before is not None else 0):
        told.append(
            said(
                f"Les membres admis après {delay_s} s sont désormais demandés.",
                f"Members admitted after {delay_s} s are now asked too.",
            )
        )
    return told
