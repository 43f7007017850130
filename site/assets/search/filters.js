// What narrows a search, and how many of the notes found each further filter would leave; the same as
// src/nonmun/search/filters.py. A filter is known by its dimension, so that a facet can be counted without its own.
import { FACT } from "./matching.js";

export const withFacts = (index, facts) => {
  const found = new Set();
  for (const fact of facts) for (const note of index.places(fact).get(FACT)?.keys() ?? []) found.add(note);
  return found;
};

// The notes that have a tag, or one below it.
const tagged = (index, label) => (label ? withFacts(index, [label.name, ...label.narrower].map((name) => `#${name}`)) : new Set());

export const filtersOf = (index, query, spelled, options) => {
  const filters = [];
  const problems = [];
  const wanted = query.tags.map((form) => {
    const label = spelled.get(form);
    if (!label) problems.push(`tag:${form}`);
    return tagged(index, label);
  });
  if (wanted.length) {
    const test = options.anyTag ? (note) => wanted.some((one) => one.has(note)) : (note) => wanted.every((one) => one.has(note));
    filters.push([options.anyTag ? "tags" : "all tags", test]);
  }
  for (const form of query.withoutTags) {
    const unwanted = tagged(index, spelled.get(form));
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

export const under = (notes, filters, without = "") => {
  const tests = filters.filter(([dimension]) => dimension !== without).map(([, test]) => test);
  return tests.length ? new Set([...notes].filter((note) => tests.every((test) => test(note)))) : notes;
};

export const facetsOf = (index, notes, filters) => {
  const { years, flags, tags } = index.columns;
  const count = (dimension, values) => {
    const found = new Map();
    for (const note of under(notes, filters, dimension)) for (const value of values(note)) found.set(value, (found.get(value) ?? 0) + 1);
    return [...found];
  };
  const langs = new Map(count("langs", (note) => [flags[note] & 3]));
  const above = aboveOf(index.labels);
  const allTags = (note) => new Set((tags[note] ?? []).flatMap((tag) => above[tag] ?? []));
  const lang = (bit) => (langs.get(bit) ?? 0) + (langs.get(3) ?? 0);
  return {
    tags: count("tags", allTags).sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([tag, n]) => [index.labels[tag]?.name, n]),
    years: count("years", (note) => [years[note]]).filter(([year]) => year).sort((a, b) => b[0] - a[0]),
    langs: [["ko", lang(1)], ["en", lang(2)]],
    runner: [...under(notes, filters, "runner")].filter((note) => flags[note] & 4).length,
  };
};

// For each tag, by number, itself and all above it: a note counts for all of them, as `tag:` finds it by each.
const aboveOf = (labels) => {
  const numbers = new Map(labels.map((label, number) => [label.name, number]));
  const above = labels.map((_, number) => [number]);
  labels.forEach((label, number) => {
    for (const name of label.narrower) if (numbers.has(name)) above[numbers.get(name)].push(number);
  });
  return above;
};
