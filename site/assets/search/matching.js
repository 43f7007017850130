// Where a term stands; the same as src/nonmun/search/matching.py.
import { endingOf, openForms, stem, stemPrefix } from "./tokens.js";

export const TITLE = 0, AUTHORS = 1, ABSTRACT = 2, EN = 4, TAGS = 5, FACT = 6, WORD = 7;
export const TEXT_ZONES = [0, 1, 2, 3, 4, 5];
const NONE = new Map();
const NOWHERE = [];

export const newFound = () => ({ counts: [0, 0, 0, 0, 0, 0], exact: 0 });

// Places are arrays where they are the index's own, which nobody changes, and sets where they were put together here.
const countOf = (places) => places.size ?? places.length;

export const findTerm = (index, term, zones = TEXT_ZONES) => {
  const found = new Map();
  const readings = looser(index, term);
  const written = term.atoms.map((atom) => [atom.text]);
  for (const zone of zones) {
    const exact = termPlaces(index, written, term, zone);
    for (const [note, places] of exact) add(found, note, zone, countOf(places), true);
    // What is written is one of the readings: all places of the others, and those of the exact ones.
    if (readings)
      for (const [note, places] of termPlaces(index, readings, term, zone))
        add(found, note, zone, countOf(places) - countOf(exact.get(note) ?? NOWHERE), false);
  }
  if (!found.size && term.typing && term.atoms.at(-1).hangul) return findUnfinished(index, term, zones);
  return found;
};

const findUnfinished = (index, term, zones) => {
  const found = new Map();
  const last = term.atoms.at(-1).text;
  const known = new Set(last.length > 1 ? index.keys(last.at(-2)).map((key) => key.at(-1)) : []);
  const forms = openForms(last.at(-1)).filter((form) => known.has(form)).map((form) => last.slice(0, -1) + form);
  if (forms.length) {
    const readings = [...term.atoms.slice(0, -1).map((atom) => [atom.text]), forms];
    for (const zone of zones) for (const [note, places] of termPlaces(index, readings, term, zone)) add(found, note, zone, countOf(places), false);
  }
  return found;
};

const add = (found, note, zone, count, exact) => {
  if (!count) return;
  let here = found.get(note);
  if (!here) found.set(note, (here = newFound()));
  here.counts[zone] += count;
  if (exact) here.exact |= 1 << zone;
};

const looser = (index, term) => {
  const last = term.atoms.at(-1);
  const fixed = (atom) => term.phrase && atom !== last;
  const readings = term.atoms.map((atom) => (fixed(atom) ? [atom.text] : readingsOf(index, atom, term.typing && atom === last)));
  if (last.hangul && !term.phrase) {
    const ending = endingOf(last.text);
    if (ending && !index.places(last.text).has(WORD)) readings.at(-1).push(last.text.slice(0, -ending.length));
  }
  return readings.some((one, i) => one.length > 1 || one[0] !== term.atoms[i].text) ? readings : null;
};

const readingsOf = (index, atom, typing) => {
  if (atom.hangul) return [atom.text];
  const own = stem(atom.text);
  const beginnings = own.length > 2 ? [stemPrefix(own)] : [];
  if (typing && atom.text.length > 1) beginnings.push(atom.text);
  const found = new Set([atom.text]);
  for (const beginning of beginnings)
    for (const key of index.keys(beginning)) if (stem(key) === own || (typing && key.startsWith(atom.text))) found.add(key);
  return [...found];
};

export const termPlaces = (index, readings, term, zone) => {
  let found = null;
  term.atoms.forEach((atom, i) => {
    const all = readings[i].map((text) => (atom.hangul ? hangul(index, text, zone) : inZone(index, text, zone)));
    const here = moved(all.length === 1 ? all[0] : all.reduce(gather, new Map()), atom.offset);
    // No way out yet where nothing is left: here it is learned which files all atoms need.
    found = found === null ? here : both(found, here);
  });
  return found ?? NONE;
};

const moved = (found, offset) =>
  offset ? new Map(Array.from(found, ([note, places]) => [note, Array.from(places, (place) => place - offset)])) : found;

// Add places to a map that is ours.
const gather = (found, more) => {
  for (const [note, places] of more) {
    const before = found.get(note);
    if (before === undefined) found.set(note, places);
    else if (before instanceof Set) for (const place of places) before.add(place);
    else found.set(note, new Set([...before, ...places]));
  }
  return found;
};

const inZone = (index, key, zone) => index.places(key).get(zone) ?? NONE;

const hangul = (index, text, zone) => {
  if (text.length === 1) return beginningWith(index, text, zone);
  let whole = null;
  let broken = null;
  for (let at = 0; at < text.length - 1; at++) {
    const pairs = inZone(index, text.slice(at, at + 2), zone);
    const ends = text.length > 2 && !index.heavy.has(text[at]) ? inZone(index, text[at], zone) : NONE;
    const before = whole && either(whole, broken);
    [whole, broken] = [follow(before, pairs, at), follow(before, ends, at)];
  }
  return broken.size ? either(whole, follow(broken, beginningWith(index, text.at(-1), zone), text.length - 1)) : whole;
};

const setOf = (places) => (places instanceof Set ? places : new Set(places));

const follow = (before, places, distance) => {
  if (before === null) return places;
  const found = new Map();
  for (const [note, starts] of before) {
    const some = places.get(note);
    if (!some) continue;
    const there = setOf(some);
    const left = Array.from(starts).filter((start) => there.has(start + distance));
    if (left.length) found.set(note, left);
  }
  return found;
};

const beginningWith = (index, syllable, zone) => {
  const found = new Map();
  for (const key of index.keys(syllable)) if (key.length <= 2) gather(found, inZone(index, key, zone));
  return found;
};

const both = (one, other) => {
  const found = new Map();
  for (const [note, places] of one) {
    if (!other.has(note)) continue;
    const more = setOf(other.get(note));
    const left = Array.from(places).filter((place) => more.has(place));
    if (left.length) found.set(note, left);
  }
  return found;
};

const either = (one, other) => (other.size ? gather(gather(new Map(), one), other) : one);
