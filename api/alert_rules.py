"""Alert rules: thresholds that supervisors want to hear of."""

from __future__ import annotations

from fastapi import APIRouter, Response

from acd import config as floor
from api.auth import AsAdministrator, AsSupervisor
from api.changes import AsTold, found, made_of, remove, save, saved, shown
from api.context import Ctx
from api.floor_shapes import AlertRuleEntry
from api.paging import AsPage, Page, cut_from
from api.problems import described
from api.shapes import Changed, Id, PathId
from store import config

router = APIRouter(prefix="/alert-rules", tags=["live"])


class AlertRule(AlertRuleEntry):
    """A threshold that supervisors want to hear of."""

    id: Id


class AlertRules(Page[AlertRule]):
    """A list of alert rules."""


class AlertRuleSaved(AlertRule, Changed):
    """A threshold that supervisors want to hear of as saved."""


@router.get(
    "", operation_id="listAlertRules", summary="All alert rules", responses=described(401, 403)
)
async def list_alert_rules(context: Ctx, _: AsSupervisor, cut: AsPage) -> AlertRules:
    """By id."""
    async with context.engine.connect() as conn:
        rows = [shown(AlertRule, row) for row in await config.list_alert_rules(conn)]
    page, after = cut_from(rows, cut, lambda row: row.id)
    return AlertRules(items=page, next=after)


@router.get(
    "/{alert_rule_id}",
    operation_id="getAlertRule",
    summary="One alert rule",
    responses=described(401, 403, 404),
)
async def get_alert_rule(
    context: Ctx, _: AsSupervisor, alert_rule_id: PathId, response: Response
) -> AlertRule:
    """With its ETag."""
    async with context.engine.connect() as conn:
        rows = await config.list_alert_rules(conn)
    return shown(AlertRule, found(response, rows, "alert_rules", alert_rule_id))


@router.post(
    "",
    operation_id="createAlertRule",
    summary="Add an alert rule",
    status_code=201,
    responses=described(401, 403, 409, 422),
)
async def create_alert_rule(
    context: Ctx, who: AsAdministrator, how: AsTold, body: AlertRule
) -> AlertRuleSaved:
    """The floor watches it at once."""
    row = made_of(floor.AlertRule, body)
    done = await save(context, who, how, "alert_rules", body.id, lambda _: row, new=True)
    return saved(AlertRuleSaved, done, "alert_rules", body.id)


@router.put(
    "/{alert_rule_id}",
    operation_id="updateAlertRule",
    summary="Replace an alert rule",
    responses=described(401, 403, 404, 412, 422),
)
async def update_alert_rule(
    context: Ctx, who: AsAdministrator, how: AsTold, alert_rule_id: PathId, body: AlertRuleEntry
) -> AlertRuleSaved:
    """An alert that is raised is looked at anew."""
    row = made_of(floor.AlertRule, body, id=alert_rule_id)
    done = await save(context, who, how, "alert_rules", alert_rule_id, lambda _: row, new=False)
    return saved(AlertRuleSaved, done, "alert_rules", alert_rule_id)


@router.delete(
    "/{alert_rule_id}",
    operation_id="deleteAlertRule",
    summary="Remove an alert rule",
    responses=described(401, 403, 404, 409, 412),
)
async def delete_alert_rule(
    context: Ctx, who: AsAdministrator, how: AsTold, alert_rule_id: PathId
) -> Changed:
    """Alerts that were raised stay in the history."""
    return (await remove(context, who, how, "alert_rules", alert_rule_id)).answer
