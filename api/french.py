"""PURE: the French of faults that are worded elsewhere: by the store, and by pydantic.

What the floor refuses brings its own French (`Rejected`), and so does what people wrote wrongly
(`Unreadable`); here is the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from acd.errors import Unreadable
from store import errors as stored
from store.config_change import ConfigInvalid
from store.recall import RecallClaimed, RecallClosed

_THINGS: Final = {
    "agent": "le téléconseiller",
    "alert rule": "la règle d’alerte",
    "API key": "la clé d’API",
    "administrator": "l’administrateur",
    "calendar": "le calendrier",
    "call": "l’appel",
    "callback": "le rappel",
    "version of the configuration": "la version de la configuration",
    "flow": "le scénario",
    "flow version": "la version de scénario",
    "number": "le numéro",
    "pause reason": "le motif de pause",
    "queue": "la file",
    "recall entry": "l’appel perdu",
    "recording": "l’enregistrement",
    "seat": "le poste",
    "skill": "la compétence",
    "team": "l’équipe",
    "user": "le compte",
    "voice message": "le message vocal",
}
_FIELDS: Final = {"id": "l’identifiant", "login": "l’identifiant", "phone": "le poste",
                  "number": "le numéro", "name": "le nom"}  # fmt: skip


def thing(kind: str, id_: str) -> str:
    """“la file « support »”: a thing by its kind and id."""
    return f"{_THINGS.get(kind, kind)} « {id_} »"


def no_such_thing(kind: str, id_: str) -> str:
    """There is no such thing."""
    named = thing(kind, id_)
    return f"{named[:1].upper()}{named[1:]} n’existe pas."


def of_store_in_french(error: stored.StoreError) -> str:
    """The sentence of an error of the store."""
    match error:
        case stored.NotFound():
            return no_such_thing(error.kind, error.id)
        case stored.AlreadyThere():
            field = _FIELDS.get(error.field, error.field)
            return f"Déjà pris : {field} « {error.id} »."
        case stored.InUse():
            shown = ", ".join(error.users)
            named = thing(error.kind, error.id)
            return f"{named[:1].upper()}{named[1:]} sert encore à : {shown}."
        case stored.UnknownReference():
            return f"{no_such_thing(error.kind, error.id)[:-1]}, mais {error.referrer} s’y réfère."
        case RecallClaimed() | RecallClosed():
            return error.french
        case ConfigInvalid():
            first = error.faults[0]
            return f"Configuration refusée : {first.pointer} : {first.message}"
        case stored.StoreUnavailable():
            return "La base de données ne répond pas ; les appels continuent. Réessayez bientôt."
    return f"Refusé : {error}"


# ---- what pydantic finds ----------------------------------------------------------------------

Context = Mapping[str, object]

_WORDS: Final[dict[str, Callable[[Context], str]]] = {
    "missing": lambda _: "à remplir",
    "extra_forbidden": lambda _: "inconnu ici",
    "string_type": lambda _: "un texte est attendu",
    "string_too_short": lambda c: f"au moins {c['min_length']} caractère(s)",
    "string_too_long": lambda c: f"au plus {c['max_length']} caractère(s)",
    "string_pattern_mismatch": lambda c: f"n’a pas la forme attendue ({c['pattern']})",
    "string_unicode": lambda _: "contient un caractère qui n’existe pas",
    "int_type": lambda _: "un nombre entier est attendu",
    "int_parsing": lambda _: "un nombre entier est attendu",
    "int_from_float": lambda _: "un nombre entier est attendu",
    "int_parsing_size": lambda _: "ce nombre est trop grand",
    "float_type": lambda _: "un nombre est attendu",
    "float_parsing": lambda _: "un nombre est attendu",
    "finite_number": lambda _: "un nombre fini est attendu",
    "bool_type": lambda _: "oui ou non est attendu (true, false)",
    "bool_parsing": lambda _: "oui ou non est attendu (true, false)",
    "greater_than": lambda c: f"doit être supérieur à {c['gt']}",
    "greater_than_equal": lambda c: f"au moins {c['ge']}",
    "less_than": lambda c: f"doit être inférieur à {c['lt']}",
    "less_than_equal": lambda c: f"au plus {c['le']}",
    "enum": lambda c: f"valeurs possibles : {c['expected']}",
    "literal_error": lambda c: f"valeurs possibles : {c['expected']}",
    "list_type": lambda _: "une liste est attendue",
    "tuple_type": lambda _: "une liste est attendue",
    "set_type": lambda _: "une liste est attendue",
    "dict_type": lambda _: "un objet est attendu",
    "model_type": lambda _: "un objet est attendu",
    "model_attributes_type": lambda _: "un objet est attendu",
    "too_short": lambda c: f"au moins {c['min_length']} élément(s)",
    "too_long": lambda c: f"au plus {c['max_length']} élément(s)",
    "json_invalid": lambda c: f"ce n’est pas du JSON ({c.get('error', '')})",
    "union_tag_invalid": lambda c: f"valeurs possibles : {c.get('expected_tags', '')}",
    "union_tag_not_found": lambda c: f"il manque {c.get('discriminator', 'le genre')}",
}


def fault_in_french(kind: str, context: Context, message: str) -> str:
    """What pydantic found, by its type of error; `message` is its English, for what is left."""
    error = context.get("error")
    if isinstance(error, Unreadable):
        return error.french
    words = _WORDS.get(kind)
    return words(context) if words is not None else message.removeprefix("Value error, ")
