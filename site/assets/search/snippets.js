// The passage of a text that has most of the query; the same as src/nonmun/search/snippets.py.
import { endingOf, openForms, stem, units } from "./tokens.js";

const WIDTH = 150;
const LEAD = 36;
const SNAP = 16;

// The letters of a text, as Python counts them: where it has none beyond the first plane, the text itself.
const lettersOf = (text) => (/[\ud800-\udbff]/.test(text) ? Array.from(text) : text);
const cutOut = (letters, start, end) => (typeof letters === "string" ? letters.slice(start, end) : letters.slice(start, end).join(""));

// From places in a text to places in its letters.
const placesOf = (text, letters) => {
  if (typeof letters === "string") return (place) => place;
  const places = new Map([[text.length, letters.length]]);
  let at = 0;
  letters.forEach((letter, number) => {
    places.set(at, number);
    at += letter.length;
  });
  return (place) => places.get(place);
};

// Where the terms stand in a text, in order, none across another: [start, end, number of the term], in letters.
export const marks = (text, terms) => {
  if (!terms.length) return [];
  const row = units(text);
  const placeOf = placesOf(text, lettersOf(text));
  const found = [];
  terms.forEach((term, number) => {
    for (let at = 0; at < row.length; at++) {
      const end = match(row, at, term);
      if (end) found.push([placeOf(row[at].start), placeOf(row[end - 1].end), number]);
    }
  });
  found.sort((a, b) => a[0] - b[0] || b[1] - a[1] || a[2] - b[2]);
  const apart = [];
  for (const mark of found) if (!apart.length || mark[0] >= apart.at(-1)[1]) apart.push(mark);
  return apart;
};

const match = (row, at, term) => {
  let end = 0;
  for (const atom of term.atoms) {
    end = matchAtom(row, at + atom.offset, atom, term, atom === term.atoms.at(-1));
    if (!end) return 0;
  }
  return end;
};

const matchAtom = (row, at, atom, term, last) => {
  if (at >= row.length) return 0;
  if (!atom.hangul) {
    const { text, hangul, parts } = row[at];
    if (text === atom.text || parts.includes(atom.text)) return at + 1;
    if ((term.phrase && !last) || hangul) return 0;
    return stem(text) === stem(atom.text) || (last && term.typing && text.startsWith(atom.text)) ? at + 1 : 0;
  }
  let length = 0;
  while (length < atom.text.length && at + length < row.length && row[at + length].text === atom.text[length]) length++;
  if (length === atom.text.length) return at + length;
  const unfinished = last && term.typing && length === atom.text.length - 1 && at + length < row.length;
  if (unfinished && openForms(atom.text.at(-1)).includes(row[at + length].text)) return at + length + 1;
  const ending = last && !term.phrase ? endingOf(atom.text) : "";
  return ending && length >= atom.text.length - ending.length ? at + atom.text.length - ending.length : 0;
};

// A part of a text cut at its marks: [text, whether it matches].
export const pieces = (text, found, start = 0, end = Infinity) => {
  const letters = lettersOf(text);
  const cut = [];
  let at = start;
  for (const [first, last] of found) {
    if (first < start || last > end) continue;
    if (first > at) cut.push([cutOut(letters, at, first), false]);
    cut.push([cutOut(letters, first, last), true]);
    at = last;
  }
  if (at < Math.min(end, letters.length)) cut.push([cutOut(letters, at, end), false]);
  return cut;
};

// The best passage of several [language, text]; the beginning of one in `lang` where none has a match.
export const snippet = (texts, terms, lang) => {
  let best = [0, 0];
  let chosen = null;
  for (const [language, text] of texts) {
    const found = marks(text, terms);
    found.forEach((mark, at) => {
      const inside = found.slice(at).filter((one) => one[1] <= mark[0] + WIDTH - LEAD);
      const value = [new Set(inside.map((one) => one[2])).size, Math.min(inside.length, 4)];
      if (value[0] > best[0] || (value[0] === best[0] && value[1] > best[1])) [best, chosen] = [value, { language, text, found, first: mark[0] }];
    });
  }
  if (!chosen) {
    const own = texts.find((one) => one[0] === lang) ?? texts[0];
    if (!own) return { lang: "", pieces: [] };
    chosen = { language: own[0], text: own[1], found: [], first: 0 };
  }
  const { language, text, found, first } = chosen;
  const letters = lettersOf(text);
  const [start, end] = passage(letters, first);
  const dots = (wanted) => (wanted ? [["…", false]] : []);
  return { lang: language, pieces: [...dots(start > 0), ...pieces(text, found, start, end), ...dots(end < letters.length)] };
};

const passage = (letters, first) => {
  let start = Math.max(0, first - LEAD);
  if (start) {
    const space = letters.indexOf(" ", start);
    if (space >= 0 && space < Math.min(start + SNAP, first)) start = space + 1;
  }
  let end = Math.min(letters.length, start + WIDTH);
  if (end < letters.length) {
    const space = letters.lastIndexOf(" ", end - 1);
    if (space >= end - SNAP) end = space;
  }
  return [start, end];
};
