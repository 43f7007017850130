// A query and an index → the notes it finds; the same as src/nonmun/search/engine.py.
import { facetsOf, filtersOf, under, withFacts } from "./filters.js";
import { AUTHORS, TAGS, findTerm, newFound } from "./matching.js";
import { makeTerm, tagForm } from "./query.js";
import { rarity, worth } from "./ranking.js";
import { marks, pieces, snippet } from "./snippets.js";
import { isSyllable, stem } from "./tokens.js";

const MAX_WIDER = 4;
const LONGEST_LABEL = 4;
const DEFAULTS = { anyTag: false, widen: true, facets: false, limit: 10, offset: 0, bare: false };

// Look, fetch what was missing, look again: as many round trips as one answer leads to the next question. Where only
// the rest of some long text is missing, `early` is given what is known.
export const search = async (index, query, options = {}, early = null) => {
  for (;;) {
    const result = evaluate(index, query, { ...DEFAULTS, ...options });
    if (!index.wanted.size) return result;
    if (early && result?.hits.every(Boolean)) early(result);
    await index.load();
  }
};

// What a search would ask for next, left in `index.wanted`; without passages, which take longest.
export const askAhead = (index, query, options) => void evaluate(index, query, { ...DEFAULTS, ...options, bare: true });

const evaluate = (index, query, options) => {
  void index.labels;
  const spelled = index.spelled ?? new Map();
  const parts = options.widen ? partsOf(query, spelled) : query.terms.map((term) => ({ terms: [term], others: [] }));
  const scores = scoreAll(index, parts);
  let notes = scores ? new Set(scores.keys()) : index.allNotes();
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
  const final = under(notes, filters);
  const facets = options.facets ? facetsOf(index, notes, filters) : null;
  index.rank(0);
  if (index.wanted.size) return null; // which notes are found is not known yet
  const order = [...final].sort((a, b) => (scores ? scores.get(b) - scores.get(a) : 0) || index.rank(b) - index.rank(a));
  const page = order.slice(options.offset, options.offset + options.limit);
  if (options.bare) return page.forEach((note) => index.record(note));
  const shown = [...query.terms, ...parts.flatMap((part) => part.others)];
  const lang = query.terms.some((term) => Array.from(term.shown).some(isSyllable)) ? "ko" : "en";
  return {
    total: order.length,
    order,
    hits: page.map((note) => hitOf(index, note, scores?.get(note) ?? 0, shown, lang)),
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

const hitOf = (index, note, score, terms, lang) => {
  const record = index.record(note);
  if (!record) return null;
  const texts = record.texts.map(([, language, text]) => [language, text]);
  let found = snippet(texts, terms, lang);
  if (terms.length && !found.pieces.some(([, marked]) => marked) && record.texts.some((text) => text.length > 3))
    found = snippet(record.texts.map((text) => [text[1], index.longText(text)]), terms, lang);
  return { note, score, record, title: pieces(record.title, marks(record.title, terms)), snippet: found };
};
