// The reader's language, and how numbers, times and telephone numbers are written in it.
import { WORDS } from "/words.js";

export let language = localStorage.getItem("language")
  || (navigator.language.toLowerCase().startsWith("en") ? "en" : "fr");

export function speak(other) {
  language = other;
  localStorage.setItem("language", other);
}

const collators = { fr: new Intl.Collator("fr"), en: new Intl.Collator("en") };
export const inOrder = (a, b) => collators[language].compare(a, b); // many times as fast as localeCompare

export const words = () => WORDS[language];
export const word = (key, ...values) =>
  values.reduce((text, value, i) => text.replace(`{${i}}`, () => value), words()[key]);
// Why an agent takes no calls, where nobody has named it: a word of ours, or what the phone said.
export const reasonWord = (code) => words().reasons[code]
  || (/^sip_[0-9]+$/.test(code) ? word("phoneRefuses", code.slice(4)) : code);
// What was named in several languages; `code` where it has no name at all.
export const named = (names, code) => names?.[language] || Object.values(names || {})[0] || code;

export function duration(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  const two = (n) => String(n).padStart(2, "0");
  return s < 3600 ? `${two(Math.floor(s / 60))}:${two(s % 60)}`
    : `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

export const percent = (part, digits = 0) => new Intl.NumberFormat(
  language, { style: "percent", maximumFractionDigits: digits }).format(part);

// A share of nothing is unknown, never 0 % or 100 %.
export const share = (part, whole) => (whole ? percent(part / whole) : "–");

export const number = (value) =>
  new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(value);

// 24 hours in both languages: on a floor 7:00 is never the evening.
export const clockTime = (at, timeZone, more = {}) => new Intl.DateTimeFormat(
  language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone, ...more }).format(at);

// Who calls without a number: one who hides it, or one whose network has none.
export const noNumber = (call) => word(call.withheld ? "withheld" : "noNumber");

// As people write it: 06 12 34 56 78 in France, anything else as it came.
export function phoneNumber(text) {
  const national = /^(?:\+?33|0)([1-9]\d{8})$/.exec(text || "");
  return national ? `0${national[1]}`.match(/../g).join("\u00a0") : text;
}

const AS_TIME = ["longest_wait_s", "estimate_s"];
const AS_SHARE = ["service_level", "abandon_ratio", "occupancy"];

// "1 rappel", "3 rappels": a count with the noun that goes with it.
export function counted(noun, count) {
  const [one, many] = words().counted[noun];
  return `${number(count)} ${Math.abs(count) < 2 ? one : many}`;
}

// A figure of an alert with its unit.
export function measured(metric, value) {
  if (AS_TIME.includes(metric)) return duration(value * 1000);
  if (AS_SHARE.includes(metric)) return percent(value, 1);
  const [one, many] = words().units[metric] || ["", ""];
  return `${number(value)} ${Math.abs(value) < 2 ? one : many}`.trim();
}
