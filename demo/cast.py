"""Who plays in the demonstration: skills, queues, agents, numbers. Data, in the shape of REST."""

from __future__ import annotations

from pathlib import Path
from typing import Final

FLOW: Final = "bilingual"
FLOW_FILE: Final = Path(__file__).resolve().parent.parent / "ivr" / "examples" / "bilingual.yaml"
SUPERVISOR: Final = "superviseur"

SKILLS: Final = {
    "francais": "Français",
    "english": "Anglais",
    "vente": "Vente",
    "assistance": "Assistance technique",
}

WRAP_UP_S: Final = 2
QUEUES: Final = (
    {
        "id": "commercial",
        "name": "Service commercial",
        "required": [{"skill": "vente", "level": 3}],
        "service_level_s": 20,
        "ring_s": 15,
        "wrap_up_s": WRAP_UP_S,
    },
    {
        "id": "support",
        "name": "Assistance",
        "required": [{"skill": "assistance", "level": 3}],
        "service_level_s": 30,
        "ring_s": 15,
        "wrap_up_s": WRAP_UP_S,
    },
)

AGENTS: Final = {
    "amelie": ("Amélie Rousseau", {"francais": 10, "vente": 8}),
    "benoit": ("Benoît Lefèvre", {"francais": 10, "english": 6, "vente": 6, "assistance": 4}),
    "chloe": ("Chloé Marchand", {"francais": 10, "english": 8, "assistance": 7}),
    "david": ("David N’Guyen", {"francais": 10, "english": 9, "vente": 4, "assistance": 6}),
    "elodie": ("Élodie Garnier", {"francais": 10, "vente": 5, "assistance": 5}),
    "farid": ("Farid Benali", {"francais": 9, "assistance": 9}),
}

NUMBERS: Final = {"0100": "Standard", "3900": "Numéro court"}
