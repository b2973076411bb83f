"""The SIPp harness: phones for contract tests, demo and bench.

SIPp (3.8) does the signalling from the scenarios next door; in tests Python owns each party's
sound. `SippCaller`, `SippAgent` and `SippOutside` are steered one by one; `SippFleet` and
`SippLoad` are many.
"""

from tests.contract.harness.agent import Behaviour, SippAgent
from tests.contract.harness.audio import RtpParty
from tests.contract.harness.call import OutsideCall, PhoneCall
from tests.contract.harness.caller import SippCaller
from tests.contract.harness.dialog import Direction, EndedBy, Transfer
from tests.contract.harness.errors import HarnessError, HarnessTimeout, SippFailed
from tests.contract.harness.figures import Counts, Event, Percentiles, percentiles
from tests.contract.harness.fleet import SippFleet
from tests.contract.harness.load import LoadFigures, SippLoad
from tests.contract.harness.outside import SippOutside, Subscriber
from tests.contract.harness.plan import CallPlan, Pattern, arrivals
from tests.contract.harness.registering import Account, register, register_refused, unregister
from tests.contract.harness.site import SCENARIOS, PortPool, Site
from tests.contract.harness.tones import (
    TONES,
    ToneHeard,
    encode_ulaw,
    hears,
    hears_other_sound,
    is_silent,
    level_dbfs,
    tone,
    tones_heard,
    wav_tones,
)
from tests.contract.harness.wire import SipMessage

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
    "encode_ulaw",
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
