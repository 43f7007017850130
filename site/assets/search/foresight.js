// What the next keystroke will most likely ask for, fetched before it comes: a line answers too late for one who types.
import { askAhead, search } from "./engine.js";
import { tagForm } from "./query.js";
import { HALF_TYPED, isSyllable, normal, openForms } from "./tokens.js";

const GUESSES = 10;
const WHOLE = 3; // tags that the text may become, each as a whole
const BYTES = 46_000; // for one keystroke, with what itself asked for
const FIRST_BYTES = 105_000; // for the first
const SPAN = 4; // files of the words that begin as the last one does; where there are more, it is too early to guess
const POPULAR = 24; // files of postings in which the words of the most used tags begin
const LABEL = 3; // a note that has a tag counts as much as so many that have a word
const SEEN = 20; // and so does what follows in one of the notes that are shown
const ROUNDS = 3;

// `ask` makes a query of a text, `before` is what the index had spent when the key was pressed, and `current` says
// whether that is still the last one.
export const foresee = async (index, text, { ask, options, before, current, hits }) => {
  const room = index.foreseen ? BYTES : FIRST_BYTES;
  index.foreseen = true;
  const enough = () => !current() || index.spent + index.expected() - before > room;
  const guesses = await guess(index, text, { ask, options, enough, hits });
  const look = async (next, order) => {
    for (let round = 0; round < ROUNDS; round++) {
      await new Promise((resolve) => setTimeout(resolve)); // a key that is pressed meanwhile comes first
      if (!current()) return;
      askAhead(index, ask(next), options);
      if (!(await fetchAhead(index, enough, order))) return;
    }
  };
  await Promise.all(guesses.map(look));
};

// Whether there was something to fetch, and room for it.
const fetchAhead = async (index, enough, order = 0) => {
  if (index.wanted.size && !enough()) {
    await index.loadAhead(order);
    return true;
  }
  index.wanted.clear();
  return false;
};

// While nothing is typed yet: where the words begin that are likely to be.
export const warm = async (index, current) => {
  await new Promise((resolve) => setTimeout(resolve, 60)); // who types at once needs the line
  if (!current()) return null;
  for (const label of index.labels)
    for (const name of [label.ko, label.en]) {
      const beginning = isSyllable(name[0]) ? name[0] : name.slice(0, 3).toLowerCase();
      if (index.spanOf(beginning) <= SPAN) index.keys(beginning);
      if (index.wanted.size >= POPULAR) return index.loadAhead();
    }
  return index.loadAhead();
};

// The likeliest texts after one more keystroke, by the vocabulary and by what stands in the notes found.
const guess = async (index, text, { ask, options, enough, hits }) => {
  const written = normal(text).replace(HALF_TYPED, "");
  const [weights, whole] = [new Map(), new Map()];
  const add = (next, weight, into = weights) => into.set(next, (into.get(next) ?? 0) + weight);
  addLabels(index.labels, written, add, (text, weight) => add(text, weight, whole));
  addSeen(hits, written, add);
  const term = ask(written).terms.at(-1);
  if (term?.typing) await addKeys(index, written, term.atoms.at(-1), { ask, options, enough }, add);
  const best = (from, many) => [...from].sort((a, b) => b[1] - a[1]).slice(0, many).map(([next]) => next);
  const [first, ...rest] = best(weights, GUESSES);
  return [...new Set([first, ...best(whole, WHOLE), ...rest])].filter(Boolean);
};

const addLabels = (labels, written, add, addWhole) => {
  const whole = tagForm(written);
  if (!whole) return;
  if (/\s$/.test(written)) {
    for (const { spellings, count } of labels)
      for (const form of spellings) {
        if (form.startsWith(`${whole}-`) && form.length > whole.length + 1) {
          add(written + form[whole.length + 1], 20 * count);
          addWhole(written + form.slice(whole.length + 1).replaceAll("-", " "), count);
        } else add(written + form[0], count / 5);
      }
    return;
  }
  const open = new Set(openForms(written.at(-1)));
  for (const beginning of new Set([whole, tagForm(written.split(/\s/).at(-1))]))
    for (const { spellings, count } of beginning ? labels : [])
      for (const form of spellings) {
        const next = form[beginning.length];
        const last = form[beginning.length - 1];
        if (next && form.startsWith(beginning)) {
          add(written + (next === "-" ? " " : next), LABEL * count);
          addWhole(written + form.slice(beginning.length).replaceAll("-", " "), count);
        } else if (open.has(last) && form.startsWith(beginning.slice(0, -1))) add(written.slice(0, -1) + last, LABEL * count);
      }
};

const addSeen = (hits, written, add) => {
  const words = written.toLowerCase().split(/\s+/);
  const beginning = words.slice(-3).join(" ");
  if (!beginning.trim()) return;
  for (const { record } of hits)
    for (const text of [record.title, ...record.texts.map((one) => one[2])]) {
      const at = text.toLowerCase().indexOf(beginning);
      const next = at < 0 ? "" : text[at + beginning.length];
      if (next && /[\p{L}\p{N} ]/u.test(next)) add(written + next.toLowerCase(), SEEN);
    }
};

const addKeys = async (index, written, atom, { ask, options, enough }, add) => {
  const beginning = atom.hangul ? atom.text.at(-1) : atom.text;
  if (index.spanOf(beginning) > SPAN) return;
  index.keys(beginning);
  await fetchAhead(index, enough);
  if (enough()) return;
  const found = new Set(atom.hangul ? (await search(index, ask(written), { ...options, limit: 0 })).order : []);
  for (const key of index.keys(beginning)) {
    const next = key[beginning.length];
    if (!next || (atom.hangul && (key.length !== 2 || !isSyllable(next)))) continue;
    add(written + next, atom.hangul ? index.common(key, found) : index.sizeOf(key));
  }
};
