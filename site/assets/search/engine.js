// A query and an index → the notes it finds; the same as src/nonmun/search/engine.py.
import { AUTHORS, FACT, TAGS, findTerm, newFound } from "./matching.js";
import { makeTerm, parseQuery, tagForm } from "./query.js";
import { rarity, worth } from "./ranking.js";
import { marks, pieces, snippet } from "./snippets.js";
import { isSyllable, stem } from "./tokens.js";

const MAX_WIDER = 4;
const LONGEST_LABEL = 4;
const DEFAULTS = { anyTag: false, widen: true, facets: false, limit: 10, offset: 0 };

// Look, fetch what was missing, look again: as many round trips as one answer leads to the next question.
export const search = async (index, query, options = {}) => {
  for (;;) {
    const result = evaluate(index, query, { ...DEFAULTS, ...options });
    if (!index.wanted.size) return result;
    await index.load();
  }
};

// Fetch what the next keystroke will most likely ask for: what goes on from the last syllable or letters, and the
// notes that the likeliest of it would find.
const FORESEEN = 2;
const FORESEEN_SHARDS = 4;

export const foresee = async (index, text, options) => {
  const atom = parseQuery(text).terms.at(-1);
  if (!atom?.typing) return;
  const last = atom.atoms.at(-1);
  const beginning = last.hangul ? last.text.at(-1) : last.text;
  if (index.spanOf(beginning) > FORESEEN_SHARDS) return;
  index.keys(beginning);
  await index.load();
  const weights = new Map();
  for (const key of index.keys(beginning)) {
    const next = key.length > beginning.length ? key.slice(0, beginning.length + 1) : "";
    if (next && (!last.hangul || isSyllable(next.at(-1)))) weights.set(next, (weights.get(next) ?? 0) + index.sizeOf(key));
  }
  const likely = [...weights].sort((a, b) => b[1] - a[1]).slice(0, FORESEEN);
  for (const [next] of likely) await search(index, parseQuery(text + next.at(-1)), options);
};

const evaluate = (index, query, options) => {
  void index.labels;
  const spelled = index.spelled ?? new Map();
  const parts = options.widen ? partsOf(query, spelled) : query.terms.map((term) => ({ terms: [term], others: [] }));
  const scores = scoreAll(index, parts);
  let notes = new Set(scores ? scores.keys() : Array.from({ length: index.notes }, (_, note) => note));
  const keep = (test) => (notes = new Set([...notes].filter(test)));
  for (const term of query.without) {
    const unwanted = findTerm(index, term);
    keep((note) => !unwanted.has(note));
  }
  for (const term of query.authors) {
    const wanted = findTerm(index, term, [AUTHORS]);
    keep((note) => wanted.has(note));
  }
  for (const term of query.withoutAuthors) {
    const unwanted = findTerm(index, term, [AUTHORS]);
    keep((note) => !unwanted.has(note));
  }
  if (query.arxiv.length) {
    const wanted = withFacts(index, query.arxiv.map((identifier) => `@${identifier}`));
    keep((note) => wanted.has(note));
  }
  const { filters, problems } = filtersOf(index, query, spelled, options);
  const final = under(notes, filters, "");
  const facets = options.facets ? facetsOf(index, notes, filters) : null;
  if (index.wanted.size) return null; // which notes are found is not known yet
  const order = [...final].sort((a, b) => (scores ? scores.get(b) - scores.get(a) : 0) || b - a);
  const shown = [...query.terms, ...parts.flatMap((part) => part.others)];
  const lang = query.terms.some((term) => Array.from(term.shown).some(isSyllable)) ? "ko" : "en";
  return {
    total: order.length,
    order,
    hits: order.slice(options.offset, options.offset + options.limit).map((note) => hitOf(index, note, scores?.get(note) ?? 0, shown, lang)),
    wider: parts
      .filter((part) => part.label)
      .map((part) => ({ shown: written(part.terms), tag: part.label.name, spellings: part.others.map((other) => other.shown) })),
    facets,
    problems: [...query.problems, ...problems],
  };
};

// Terms

const written = (terms) => terms.map((term) => term.shown).join(" ");

const partsOf = (query, spelled) => {
  const parts = [];
  let at = 0;
  while (at < query.terms.length) {
    let size = Math.min(LONGEST_LABEL, query.terms.length - at);
    let label;
    for (; size > 0; size--) {
      const terms = query.terms.slice(at, at + size);
      label = spelled.get(tagForm(written(terms)));
      if (label && (size === 1 || !terms.some((term) => term.phrase))) {
        parts.push({ terms, others: otherSpellings(label, terms), label });
        break;
      }
    }
    if (!size) {
      size = 1;
      parts.push({ terms: [query.terms[at]], others: [] });
    }
    at += size;
  }
  return parts;
};

const stems = (term) => new Set(term.atoms.map((atom) => stem(atom.text)));

const otherSpellings = (label, terms) => {
  const whole = makeTerm(written(terms));
  const seen = whole ? [stems(whole)] : [];
  const korean = Boolean(whole?.atoms[0].hangul);
  const same = (form) => isSyllable(form[0]) === korean;
  const found = [];
  for (const form of [...label.spellings.filter((one) => !same(one)), ...label.spellings.filter(same)]) {
    const term = makeTerm(form.replaceAll("-", " "));
    if (!term || found.length >= MAX_WIDER) continue;
    const own = stems(term);
    if (seen.some((one) => [...one].every((atom) => own.has(atom)))) continue;
    seen.push(own);
    found.push(term);
  }
  return found;
};

const scoreAll = (index, parts) => {
  let scores = null;
  for (const part of parts) {
    const here = scorePart(index, part);
    if (scores === null) {
      scores = here;
      continue;
    }
    const together = new Map();
    for (const [note, score] of scores) if (here.has(note)) together.set(note, score + here.get(note));
    scores = together;
  }
  return scores;
};

const scorePart = (index, part) => {
  const own = part.terms.map((term) => findTerm(index, term));
  const others = part.others.map((term) => findTerm(index, term));
  const tagged = part.label ? withFacts(index, [`#${part.label.name}`]) : new Set();
  const together = [...own[0].keys()].filter((note) => own.every((found) => found.has(note)));
  const scores = new Map();
  for (const notes of [together, tagged, ...others.map((found) => found.keys())]) for (const note of notes) scores.set(note, 0);
  const value = (note, found, rare) => worth(found.counts, found.exact, index.length(note), index.average, rare);
  for (const found of own) {
    const rare = rarity(index.notes, own.length > 1 ? found.size : scores.size);
    for (const note of together) scores.set(note, scores.get(note) + value(note, found.get(note), rare));
  }
  const rare = rarity(index.notes, scores.size);
  const beside = new Map();
  for (const found of others)
    for (const [note, one] of found) {
      one.exact = 0; // another spelling is never the word as written
      beside.set(note, Math.max(beside.get(note) ?? 0, value(note, one, rare)));
    }
  const byTag = newFound();
  byTag.counts[TAGS] = 1;
  byTag.exact = 1 << TAGS;
  for (const note of tagged) beside.set(note, (beside.get(note) ?? 0) + value(note, byTag, rare));
  for (const [note, score] of beside) scores.set(note, scores.get(note) + score);
  return scores;
};

const withFacts = (index, facts) => {
  const found = new Set();
  for (const fact of facts) for (const note of index.places(fact).get(FACT)?.keys() ?? []) found.add(note);
  return found;
};

// Filters and facets: each is known by its dimension, so that a facet can be counted without its own.

const filtersOf = (index, query, spelled, options) => {
  const filters = [];
  const problems = [];
  const wanted = query.tags.map((form) => {
    const label = spelled.get(form);
    if (!label) problems.push(`tag:${form}`);
    return label ? withFacts(index, [`#${label.name}`]) : new Set();
  });
  if (wanted.length) {
    const test = options.anyTag ? (note) => wanted.some((one) => one.has(note)) : (note) => wanted.every((one) => one.has(note));
    filters.push([options.anyTag ? "tags" : "all tags", test]);
  }
  for (const form of query.withoutTags) {
    const label = spelled.get(form);
    const unwanted = label ? withFacts(index, [`#${label.name}`]) : new Set();
    filters.push(["without tags", (note) => !unwanted.has(note)]);
  }
  if (query.years.length) {
    const { years } = index.columns;
    filters.push(["years", (note) => query.years.some(([first, last]) => first <= years[note] && years[note] <= last)]);
  }
  if (query.langs.length) {
    const bits = query.langs.reduce((sum, lang) => sum | { ko: 1, en: 2 }[lang], 0);
    const { flags } = index.columns;
    filters.push(["langs", (note) => (flags[note] & bits) !== 0]);
  }
  if (query.runner || query.withoutRunner) {
    const { flags } = index.columns;
    filters.push(["runner", (note) => Boolean(flags[note] & 4) !== query.withoutRunner]);
  }
  return { filters, problems };
};

const under = (notes, filters, without) => {
  const tests = filters.filter(([dimension]) => dimension !== without).map(([, test]) => test);
  return tests.length ? new Set([...notes].filter((note) => tests.every((test) => test(note)))) : notes;
};

const facetsOf = (index, notes, filters) => {
  const { years, flags, tags } = index.columns;
  const count = (dimension, values) => {
    const found = new Map();
    for (const note of under(notes, filters, dimension)) for (const value of values(note)) found.set(value, (found.get(value) ?? 0) + 1);
    return [...found];
  };
  const langs = new Map(count("langs", (note) => [flags[note] & 3]));
  const lang = (bit) => (langs.get(bit) ?? 0) + (langs.get(3) ?? 0);
  return {
    tags: count("tags", (note) => tags[note] ?? []).sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([tag, n]) => [index.labels[tag]?.name, n]),
    years: count("years", (note) => [years[note]]).filter(([year]) => year).sort((a, b) => b[0] - a[0]),
    langs: [["ko", lang(1)], ["en", lang(2)]],
    runner: [...under(notes, filters, "runner")].filter((note) => flags[note] & 4).length,
  };
};

const hitOf = (index, note, score, terms, lang) => {
  const record = index.record(note);
  if (!record) return null;
  const texts = record.texts.map(([, language, text]) => [language, text]);
  let found = snippet(texts, terms, lang);
  if (terms.length && !found.pieces.some(([, marked]) => marked) && record.texts.some((text) => text.length > 3))
    found = snippet(record.texts.map((text) => [text[1], index.longText(text)]), terms, lang);
  return { note, score, record, title: pieces(record.title, marks(record.title, terms)), snippet: found };
};
