"""The indicators that are counted and not divided."""

from __future__ import annotations

from typing import Final

from kpi.definition import Definition, Formula, Unit
from kpi.rows import Sums


def _count(field: str) -> Formula:
    def read(sums: Sums) -> float | None:
        value: int = getattr(sums, field)
        return value

    return read


def _counts() -> tuple[Definition, ...]:
    rows = (
        ("received", "Contacts reçus", "Contacts received", "R",
         "Callers only, by arrival; a queue's: O. Calls that agents or callbacks make are none."),
        ("handled", "Contacts traités", "Contacts handled", "A",
         "At least one agent was connected; a transfer does not count twice."),
        ("abandoned", "Abandons", "Abandoned", "AB",
         "The caller left a queue before an agent answered, ringing included."),
        ("short_abandoned", "Abandons courts", "Short abandons", "ABs: AB with wait ≤ s",
         "s is copied at entry (5 s), inclusive. Who had been served counts in a queue's only."),
        ("overflow", "Débordement", "Overflow", "OV",
         "The system turned the caller away; a queue's: those that were sent or moved on."),
        ("callback", "Rappels acceptés", "Callbacks accepted", "CB",
         "Callers who left to be called back; neither AB nor late."),
        ("voicemail", "Messages vocaux", "Voice messages", "VM",
         "Callers who left a message instead of waiting."),
        ("out_of_hours", "Hors plage", "Out of hours", "OOH", "In R, never in O."),
        ("off_hours", "Arrivés hors plage", "Came out of hours", "OFF",
         "OOH, and who left a message, asked for a callback or went outside instead, not handled."),
        ("self_service", "Libre-service", "Self-service", "SS",
         "The SVI ended the call with what the caller wanted; in R, never in O."),
        ("flow_hang_up", "Raccrochés au SVI", "Hung up in the SVI", "HU",
         "In R, never in O."),
        ("rejected", "Rejetés", "Rejected", "RJ", "The number leads nowhere."),
        ("failed", "En échec", "Failed", "F", "Our own fault, or not known: it must stay 0."),
        ("in_progress", "En cours", "In progress", "R−all others",
         "Not ended yet; a queue's: waiting."),
        ("answered_elsewhere", "Répondus ailleurs", "Answered elsewhere", "AE",
         "Taken back unanswered by the network: another place answered. In none of the others."),
        ("offered", "Présentés en file", "Offered to queues", "O",
         "Callers' visits, by entry; O = A+AB+OV+CB+VM + moved + closed + error + waiting."),
        ("answered", "Décrochés", "Answered", "A (visits)",
         "Visits that an agent answered; a transfer to a queue is another visit."),
        ("transferred", "Transférés", "Transferred out", "contacts given away",
         "By their arrival (a queue's: entry, an agent's: talk); none that was taken back."),
        ("callbacks_requested", "Rappels demandés", "Callbacks requested", "CBQ", "By booking."),
        ("callbacks_reached", "Rappels aboutis", "Callbacks reached", "CBR",
         "Of those booked in the interval, whenever they were reached."),
        ("messages_left", "Messages déposés", "Messages left", "ML", "By when they were left."),
        ("messages_handled", "Messages traités", "Messages handled", "MH",
         "Of those left in the interval: heard by an agent, or marked as done."),
        ("lost_calls", "Appels perdus", "Lost calls", "LC",
         "Wait > s, a known number, and nothing had of the last queue; by the loss. 0 for agents."),
        ("lost_calls_answered", "Appels perdus repris", "Lost calls answered since", "LCA",
         "The number was answered afterwards, in any call."),
        ("media_lost", "Média perdu", "Media lost", "cut calls",
         "Cut by the switch for want of sound, by the cut; they keep their outcome (A, AB…)."),
    )  # fmt: skip
    return tuple(
        Definition(key, fr, en, Unit.COUNT, formula, edges, _count(key))
        for key, fr, en, formula, edges in rows
    )


COUNTS: Final = _counts()
