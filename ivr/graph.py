"""How the nodes of a flow hang together: targets, reach, loops, and what callers can hear.

Decides which graphs are sound; refuses to know how a document is written. Faults go to the place
that an author would change.
"""

from __future__ import annotations

from collections.abc import Mapping

from ivr.faults import Severity, did_you_mean
from ivr.model import Ending, Flow, HoursNode, Prompt, Recorded, targets
from ivr.source import Place


class NodePlaces:
    """Where a node's name, its targets and its prompts stand in the document."""

    def __init__(self, name: Place | None = None) -> None:
        self.name = name
        self.targets: list[tuple[str, Place]] = []
        self.prompts: list[tuple[Prompt, Place]] = []
        self.broken = False  # a target could not be read, or is missing


def check_graph(
    flow: Flow,
    start: Place,
    places: Mapping[str, NodePlaces],
    prompts: Mapping[str, frozenset[str]] | None,
) -> None:
    """Record every fault of the graph. `places` has all nodes, also those that could not be read.

    `prompts`: keys of recorded prompts by language, None if that is not to be checked.
    """
    if flow.start not in places:
        start.fault(f"there is no node “{flow.start}”{did_you_mean(flow.start, places)}")
    for each in places.values():
        for target, place in each.targets:
            if target not in places:
                each.broken = True
                place.fault(f"there is no node “{target}”{did_you_mean(target, places)}")
    _check_silent_loops(flow, places)
    if flow.start not in places:
        return
    if not any(each.broken for each in places.values()):
        # With a way missing, half the flow may seem out of reach: that would bury the cause.
        _check_reach(flow, places)
    heard = heard_languages(flow)
    for node_id, each in places.items():
        for prompt, place in each.prompts:
            # A fixed language is heard whether or not the node can be reached.
            languages = {prompt.language} if prompt.language else heard.get(node_id, set())
            for language in sorted(languages):
                _check_heard(prompt, language, place, prompts)


def heard_languages(flow: Flow) -> dict[str, set[str]]:
    """Languages that a caller may have at each node that can be reached."""
    heard: dict[str, set[str]] = {}
    waiting = [(flow.start, flow.language)]
    while waiting:
        node_id, language = waiting.pop()
        if node_id not in flow.nodes or language in heard.get(node_id, ()):
            continue
        heard.setdefault(node_id, set()).add(language)
        ways = targets(flow.nodes[node_id])
        waiting += [(way.goto, way.language or language) for way in ways]
    return heard


def _check_heard(
    prompt: Prompt, language: str, place: Place, prompts: Mapping[str, frozenset[str]] | None
) -> None:
    if isinstance(prompt, Recorded):
        keys = None if prompts is None else prompts.get(language, frozenset())
        if keys is not None and prompt.key not in keys:
            place.fault(
                f"there is no recorded prompt “{prompt.key}” in “{language}”"
                f"{did_you_mean(prompt.key, keys)}"
            )
    elif language not in prompt.texts:
        place.fault(f"the text lacks “{language}”, and callers can hear it in that language")


def _check_reach(flow: Flow, places: Mapping[str, NodePlaces]) -> None:
    """Warn of nodes that no caller reaches, and of nodes from which no caller ever gets out."""
    ways = {name: {target for target, _ in each.targets} for name, each in places.items()}
    reached = _closure({flow.start}, ways)
    backwards: dict[str, set[str]] = {}
    for name, names in ways.items():
        for target in names:
            backwards.setdefault(target, set()).add(name)
    # A node that could not be read may be an end.
    ends = {name for name in places if isinstance(flow.nodes.get(name), Ending | None)}
    leaving = _closure(ends, backwards)
    for name, each in places.items():
        if each.name is None:
            continue
        if name not in reached:
            each.name.fault(f"no caller can reach node “{name}”", Severity.WARNING)
        elif name not in leaving:
            each.name.fault(
                f"from node “{name}” no way leads to a queue or a hang-up", Severity.WARNING
            )


def _closure(first: set[str], ways: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = list(first)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += ways.get(name, ())
    return found


def _check_silent_loops(flow: Flow, places: Mapping[str, NodePlaces]) -> None:
    """A circle of nodes that neither play nor wait would turn as fast as the machine can."""
    silent = {name for name, node in flow.nodes.items() if isinstance(node, HoursNode)}
    ways = {
        name: {way.goto for way in targets(flow.nodes[name]) if way.goto in silent}
        for name in silent
    }
    told: set[str] = set()
    for name in sorted(silent, key=list(flow.nodes).index):
        circle = {each for each in _closure(ways[name], ways) if name in _closure(ways[each], ways)}
        if name in circle and name not in told:
            told |= circle
            place = places[name].name
            if place is not None:
                others = ", ".join(f"“{each}”" for each in flow.nodes if each in circle)
                place.fault(f"a loop without a prompt or a wait: {others} lead back to themselves")
