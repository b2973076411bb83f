"""Why Asterisk did not carry out a request, as types.

Decides which error stands for which status code of ARI. Refuses to know what the caller should do
about it: a hang-up that finds the channel gone is normal, an answer that does is a lost call, and
only the service can tell them apart.
"""


class AriError(Exception):
    """A request that was not carried out as asked.

    `slug` names the kind in records, `retryable` says whether the same request may succeed later,
    `status` is the HTTP status (0 when no reply came), `message` is Asterisk's own sentence.
    """

    slug = "switch-error"
    retryable = False

    def __init__(self, method: str, path: str, status: int, message: str) -> None:
        self.method = method
        self.path = path
        self.status = status
        self.message = message
        super().__init__(f"{method} {path}: {message}" + (f" ({status})" if status else ""))

    @property
    def details(self) -> dict[str, str | int]:
        """The error's fields, for a log line or a problem's details."""
        return {
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "message": self.message,
        }


class BadRequest(AriError):
    """400, 405 or another 4xx that is our fault: the request itself is wrong."""

    slug = "switch-bad-request"


class Refused(AriError):
    """401 or 403: Asterisk does not accept our user, or the user is read-only."""

    slug = "switch-refused"


class Gone(AriError):
    """404: the channel, bridge, playback, recording or endpoint is not there (any more)."""

    slug = "switch-gone"


class Conflict(AriError):
    """409: not in Stasis yet, an id already in use, or a recording in the way."""

    slug = "switch-conflict"


class NotAcceptable(AriError):
    """412: the thing is in the wrong state, such as a channel that is not up."""

    slug = "switch-not-acceptable"


class Unprocessable(AriError):
    """422: the parts do not fit, such as a channel for a bridge that is not in Stasis."""

    slug = "switch-unprocessable"


class ServerFault(AriError):
    """500: Asterisk failed; among others, `dial` on a channel that just ended."""

    slug = "switch-fault"


class Unavailable(AriError):
    """503, or no connection: the request certainly was not carried out."""

    slug = "switch-unavailable"
    retryable = True


class OutcomeUnknown(AriError):
    """No reply: it may or may not have been carried out. Read the state before trying again."""

    slug = "switch-outcome-unknown"


class Replaced(AriError):
    """Another client took our application's name; we no longer command."""

    slug = "switch-replaced"


class AriUnavailable(AriError):
    """Asterisk could not be reached in the time given at the start; one sentence says why."""

    slug = "switch-unavailable"
    retryable = True

    def __init__(self, sentence: str) -> None:
        super().__init__("GET", "/events", 0, sentence)
        self.args = (sentence,)


_BY_STATUS: dict[int, type[AriError]] = {
    401: Refused,
    403: Refused,
    404: Gone,
    409: Conflict,
    412: NotAcceptable,
    422: Unprocessable,
    503: Unavailable,
}


def error_for(method: str, path: str, status: int, message: str) -> AriError:
    """Return the error that stands for a status of 400 or more."""
    kind = _BY_STATUS.get(status) or (ServerFault if status >= 500 else BadRequest)
    return kind(method, path, status, message or "no reason given")
