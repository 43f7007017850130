// The query language; the same as src/nonmun/search/query.py. Any text is a query; none throws.
import { ENDINGS, HALF_TYPED, STOP_WORDS, fold, normal, runs } from "./tokens.js";

const MAX_LETTERS = 2000;
const MAX_TERMS = 32;
const FIELDS = {
  tag: "tag", 태그: "tag", author: "author", 저자: "author", year: "year", 연도: "year", lang: "lang", 언어: "lang", has: "has", arxiv: "arxiv",
};
const QUOTES = '"\u201c\u201d\u201e';
const PIECE = new RegExp(
  `\\s*([-\\u2212]?)(?:([A-Za-z\\uac00-\\ud7a3]{2,6}):|(#))?(?:[${QUOTES}]([^${QUOTES}]*)[${QUOTES}]?|([^\\s${QUOTES}]*))`,
  "y",
);
const ID = "(\\d{4}\\.\\d{4,5}|[a-z-]+(?:\\.[a-z]{2})?/\\d{7})(?:v\\d+)?";
const ARXIV = new RegExp(`^${ID}$`, "i");
const ADDRESS = new RegExp(`^(?:(?:https?://)?(?:www\\.)?arxiv\\.org/(?:abs|pdf|html)/)?${ID}(?:\\.pdf)?$`, "i");
const LANGS = { ko: "ko", korean: "ko", 한국어: "ko", en: "en", english: "en", 영어: "en" };
const RUNNERS = ["runner", "runners", "demo", "실행"];
const own = (table, name) => (Object.hasOwn(table, name) ? table[name] : undefined);

const LISTS = ["terms", "without", "tags", "withoutTags", "authors", "withoutAuthors", "years", "langs", "arxiv", "problems"];

export const parseQuery = (written) => {
  let text = normal(written).replace(HALF_TYPED, "");
  const query = { runner: false, withoutRunner: false };
  for (const name of LISTS) query[name] = [];
  const keep = (name, value) => {
    const same = JSON.stringify(value);
    if (query[name].length < MAX_TERMS && !query[name].some((one) => JSON.stringify(one) === same)) query[name].push(value);
  };
  const letters = text.length > MAX_LETTERS ? Array.from(text) : [];
  if (letters.length > MAX_LETTERS) {
    keep("problems", "…");
    text = letters.slice(0, MAX_LETTERS).join("");
  }
  for (const { negated, name, value, phrase, last } of pieces(text)) {
    const lower = value.toLowerCase();
    const address = name === "word" && !negated && ADDRESS.exec(value);
    let found;
    if (address) keep("arxiv", address[1].toLowerCase());
    else if (name === "word") {
      const term = makeTerm(value, { phrase, typing: last && !phrase && !negated });
      if (term) keep(negated ? "without" : "terms", term);
    } else if (name === "tag") {
      const form = tagForm(value);
      if (form) keep(negated ? "withoutTags" : "tags", form);
    } else if (name === "author") {
      const term = makeTerm(value, { phrase });
      if (term) keep(negated ? "withoutAuthors" : "authors", term);
    } else if (name === "has" && RUNNERS.includes(lower)) query[negated ? "withoutRunner" : "runner"] = true;
    else if (name === "year" && !negated && (found = readYears(value))) keep("years", found);
    else if (name === "lang" && !negated && (found = own(LANGS, lower))) keep("langs", found);
    else if (name === "arxiv" && !negated && (found = ARXIV.exec(value))) keep("arxiv", found[1].toLowerCase());
    else keep("problems", `${negated ? "-" : ""}${name}:${value}`);
  }
  return query;
};

export const isEmpty = (query) =>
  !query.runner && !query.withoutRunner && LISTS.every((name) => name === "problems" || !query[name].length);

const pieces = (text) => {
  const found = [];
  let at = 0;
  while (at < text.length) {
    PIECE.lastIndex = at;
    const piece = PIECE.exec(text);
    if (!piece || PIECE.lastIndex === at) {
      at++;
      continue;
    }
    at = PIECE.lastIndex;
    const [, not, field, hash, quoted, word] = piece;
    const name = field ? own(FIELDS, field.toLowerCase()) : hash ? "tag" : undefined;
    const phrase = quoted !== undefined;
    const value = (phrase ? quoted : word) ?? "";
    const whole = (field && !name ? `${field}:${value}` : value).trim();
    if (whole) found.push({ negated: Boolean(not), name: name ?? "word", value: whole, phrase, last: at === text.length });
  }
  return found;
};

export const makeTerm = (text, { phrase = false, typing = false } = {}) => {
  const atoms = [];
  let offset = 0;
  let end = -1;
  for (const run of runs(text)) {
    if (run.hangul) {
      const before = atoms.at(-1);
      if (before?.hangul && before.offset + before.text.length === offset) before.text += run.text;
      else if (!(before && !before.hangul && run.start === end && ENDINGS.has(run.text) && !phrase))
        atoms.push({ text: run.text, hangul: true, offset });
      else continue; // LoRA를: the particle of a foreign word
      offset += run.text.length;
    } else {
      const word = fold(run.text);
      if (word) atoms.push({ text: word, hangul: false, offset: offset++ });
    }
    end = run.end;
  }
  const telling = atoms.filter((atom) => atom.hangul || !STOP_WORDS.has(atom.text));
  const goesOn = typing && atoms.length > 0 && end === text.length;
  if (goesOn && !telling.includes(atoms.at(-1))) telling.push(atoms.at(-1));
  if (!telling.length) return null;
  const first = telling[0].offset;
  for (const atom of telling) atom.offset -= first;
  return { shown: text, atoms: telling, phrase, typing: goesOn };
};

export const tagForm = (spelling) =>
  normal(spelling).trim().replace(/^#+/, "").toLowerCase().replaceAll("ß", "ss").trim().replace(/[\s_]+/g, "-").replace(/^[-./]+|[-./]+$/g, "");

const readYears = (value) => {
  const found = /^(\d{4})?(\.\.|-|~)?(\d{4})?$/.exec(value);
  if (!found || !(found[1] || found[3])) return null;
  if (!found[2]) return found[1] && !found[3] ? [Number(found[1]), Number(found[1])] : null;
  const [first, last] = [Number(found[1] ?? 0), Number(found[3] ?? 9999)];
  return first <= last ? [first, last] : [last, first];
};
