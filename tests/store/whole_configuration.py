"""A configuration that uses every section and every field once, for tests that keep it."""

from __future__ import annotations

from typing import Final

WHOLE: Final = """\
skills:
  fr: {name: Français}
  en: {name: English}
teams:
  nord: {name: Nord}
calendars:
  office:
    name: Office
    weekly: {mon-fri: [09:00-12:30, 13:30-18:00]}
    special: {2026-12-24: 09:00-12:00, 2026-12-31: []}
    holidays: FR
queues:
  support:
    name: Support
    required: [{skill: fr, level: 5, weight: 3}]
    access: members
    steps:
      - {expression: skills.fr >= 7, preferred: ['1001'], for_s: 30}
      - {expression: skills.fr or attributes.site = "Lille"}
    strategy: best_skill
    sticky_s: 60
    priority: 2
    ring_s: 15
    rona_limit: 3
    refusal_limit: 4
    wrap_up: mandatory
    wrap_up_s: 30
    wrap_up_extension_s: 90
    dispositions: [{code: sold, names: {fr: Vendu}}, {code: other}]
    service_level_s: 30
    short_abandon_s: 3
    target_answer_ratio: 0.9
    recorded: false
    music: calm
    messages:
      - {kind: position, first_s: 5}
      - {kind: text, texts: {fr: Patientez., en: Please wait.}, every_s: null}
    exits:
      '1': {kind: callback}
      '2': {kind: number, id: '+33123456789', texts: {fr: Nous transférons.}}
    max_wait_s: 600
    on_max_wait: {kind: queue, id: overflow}
    max_length: 50
    on_full: {kind: hang_up}
    calendar: office
    on_closed: {kind: voicemail}
    on_nobody: {kind: flow, id: welcome}
    callback: {mode: customer_first, attempts: 5}
    voicemail: {greeting: {fr: Laissez un message.}, longest_s: 60}
  overflow: {name: Overflow}
agents:
  '1001':
    name: Zoé
    team: nord
    number: '41'
    skills: [{skill: fr, level: 8}]
    queues: [{queue: support, priority: 2, delay_s: 10}]
    attributes: {site: Lille}
    auto_answer: true
    voice_capacity: 0
  '1002': {name: Ali, phone: desk-2, number: '42', active: false}
seats:
  place-1: {name: Place 1}
pause_reasons:
  lunch: {names: {fr: Déjeuner}, paid: false, digit: '1'}
  admin: {names: {fr: Back-office}, productive: true, digit: '2'}
outside: {allowed: ['+33'], caller_id: '+33987654321'}
alert_rules:
  long: {metric: longest_wait_s, comparison: above, threshold: 60, queue: support, for_s: 10}
flows:
  welcome:
    document: |
      flow: welcome
      name: Accueil
      language: fr
      start: line
      nodes:
        line:
          kind: queue
          queue: support
numbers:
  '33170000001': {flow: welcome, name: Standard}
"""
