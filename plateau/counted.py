"""What a floor counts since its start, by the names that metrics have (`docs/operations.md`).

Decides the names; refuses to know what is good or bad about a figure.
"""

from __future__ import annotations

from acd.shell.outcomes import CommandOutcome
from acd.shell.service import FloorService
from acd.shell.switchboard import Switchboard
from ari.counters import Counters
from plateau.background import Background
from recording.service import Recorder
from store.journal import Journal
from store.writer_thread import WriterThread


def counted(
    service: FloorService,
    journal: Journal,
    switchboard: Switchboard,
    recorder: Recorder,
    writer: WriterThread,
    background: Background,
) -> dict[str, float]:
    """Counts of the floor's own rooms."""
    return {
        "events_total": service.events,
        "faults_total": service.broken + background.faults,
        "impossible_transitions_total": service.engine.floor.impossible_count,
        "trunk_refused_total": service.engine.floor.trunk.refused_count,
        "commands_failed_total": switchboard.outcomes[CommandOutcome.FAULT],
        **{
            f'commands_total{{outcome="{outcome}"}}': switchboard.outcomes[outcome]
            for outcome in CommandOutcome
        },
        "recordings_kept_total": recorder.kept_count,
        "recordings_lost_total": recorder.lost_count,
        "recordings_incomplete_total": recorder.incomplete_count,
        "store_facts_written_total": writer.written,
        "store_facts_rejected_total": writer.rejected,
        "journal_set_aside_total": journal.set_aside + service.lost,
        "journal_lines_damaged_total": writer.damaged,
        "journal_files_missing_total": writer.missing,
    }


def counted_of_ari(ari: Counters) -> dict[str, float]:
    """Counts of the connection to Asterisk; the answers' times are milliseconds."""
    return {
        "ari_requests_total": sum(ari.requests.values()),
        "ari_answer_ms_total": ari.latency_sum_ms,
        "ari_reconnects_total": ari.reconnects,
        "ari_command_reconnects_total": ari.command_reconnects,
        "ari_timeouts_total": ari.timeouts,
        "ari_malformed_frames_total": ari.malformed_frames,
        "ari_handler_errors_total": ari.handler_errors,
    }
