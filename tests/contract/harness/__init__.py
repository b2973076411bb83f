"""The phones of the contract tests: those of `load/`, with ears for tones.

`SippCaller`, `SippAgent` and `SippOutside` are steered one by one; `SippFleet` and `SippLoad` are
many, and hear nothing.
"""

from load.agent import Behaviour
from load.audio import RtpParty
from load.callers import LoadFigures, SippLoad
from load.dialog import Direction, EndedBy, Transfer
from load.errors import PartyError as HarnessError
from load.errors import PartyTimeout as HarnessTimeout
from load.errors import SippFailed
from load.figures import Counts, Event, Percentiles, percentiles
from load.fleet import SippFleet
from load.outside import Subscriber
from load.plan import CallPlan, Pattern, arrivals
from load.registering import Account, register, register_refused, unregister
from load.site import SCENARIOS, PortPool, Site
from load.sound import TONES
from load.wire import SipMessage
from tests.contract.harness.parties import (
    OutsideCall,
    PhoneCall,
    SippAgent,
    SippCaller,
    SippOutside,
)
from tests.contract.harness.tones import (
    ToneHeard,
    hears,
    hears_other_sound,
    is_silent,
    level_dbfs,
    tone,
    tones_heard,
    wav_tones,
)

__all__ = [
    "SCENARIOS",
    "TONES",
    "Account",
    "Behaviour",
    "CallPlan",
    "Counts",
    "Direction",
    "EndedBy",
    "Event",
    "HarnessError",
    "HarnessTimeout",
    "LoadFigures",
    "OutsideCall",
    "Pattern",
    "Percentiles",
    "PhoneCall",
    "PortPool",
    "RtpParty",
    "SipMessage",
    "SippAgent",
    "SippCaller",
    "SippFailed",
    "SippFleet",
    "SippLoad",
    "SippOutside",
    "Site",
    "Subscriber",
    "ToneHeard",
    "Transfer",
    "arrivals",
    "hears",
    "hears_other_sound",
    "is_silent",
    "level_dbfs",
    "percentiles",
    "register",
    "register_refused",
    "tone",
    "tones_heard",
    "unregister",
    "wav_tones",
]
