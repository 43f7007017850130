// The files of the index, fetched as they are needed. What is asked for and not there yet is noted in `wanted`; whoever
// asked asks again after `load`.
import { UNORDERED, readBlock, readColumns, readRanks, readShard, unpack, unpackBeside } from "./coding.js";

export const FORMAT = 2;
const LENGTHS = [0, 16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 2048, 4096, 8192];
const AHEAD_AT_ONCE = 4; // of the six connections that a browser has for a site
const HEADERS = 250; // bytes of an answer besides its content, about
const SOME = 2000; // bytes of a file of a kind that has not come yet
const utf8 = new TextDecoder();

// What went wrong with a file: "missing" or "damaged" (perhaps the site was rebuilt), "format", "offline".
export class IndexError extends Error {
  constructor(kind, path) {
    super(`${kind}: ${path}`);
    this.kind = kind;
  }
}

const names = (joined) => joined.match(/.{10}/g) ?? [];
const points = (text) => Array.from(text, (char) => char.codePointAt(0));
const isAfter = (one, other) => {
  if (one === other) return false;
  const [a, b] = [points(one), points(other)];
  const at = a.findIndex((point, i) => point !== b[i]);
  return at >= 0 && (b[at] === undefined || a[at] > b[at]);
};

const request = async (url, options, early) => {
  let answer;
  try {
    answer = (await early) ?? (await fetch(url, options));
  } catch {
    throw new IndexError("offline", url);
  }
  if (!answer.ok) throw new IndexError(answer.status === 404 ? "missing" : "offline", url);
  return new Uint8Array(await answer.arrayBuffer());
};

// `early` is the answer for the manifest where somebody has asked for it already.
export const openIndex = async (root, early, priority) => {
  const data = await request(new URL("index.json", root), { cache: "no-cache", priority }, early);
  let manifest;
  try {
    manifest = JSON.parse(utf8.decode(data));
  } catch {
    throw new IndexError("damaged", "index.json");
  }
  if (manifest.format !== FORMAT) throw new IndexError("format", "index.json");
  return new Index(root, manifest, utf8.decode(data));
};

export class Index {
  constructor(root, manifest, text) {
    this.root = root;
    this.text = text; // of the manifest, by which a rebuilt site is noticed
    this.numbers = manifest.notes;
    this.free = new Set(manifest.free); // numbers that no note has
    this.notes = this.numbers - this.free.size;
    this.spent = 0; // bytes that came, about
    this.usual = new Map(); // folder → [bytes, files] that came from it
    this.average = manifest.length || 1;
    this.heavy = new Set(manifest.heavy);
    this.wanted = new Map(); // path → what to do with its bytes
    this.firsts = manifest.terms.firsts;
    this.shardNames = names(manifest.terms.names);
    this.manifest = manifest;
    this.shelfNames = names(manifest.records.names);
    this.shards = new Map();
    this.known = new Map();
    this.shelves = new Map();
    this.texts = new Map();
    this.coming = new Map(); // path → the promise of those that are being fetched
    this.waiting = []; // what is only foreseen, and waits its turn
    this.ahead = 0; // how much of that is being fetched
  }

  want(folder, name, take) {
    const path = `${folder}/${name}.bin`;
    if (!this.wanted.has(path)) this.wanted.set(path, take);
  }

  // Fetch all that was asked for.
  async load(priority = "high") {
    const waiting = [...this.wanted];
    this.wanted.clear();
    await Promise.all(waiting.map(([path, take]) => this.fetch(path, take, priority)));
  }

  fetch(path, take, priority) {
    if (!this.coming.has(path)) this.coming.set(path, this.take(path, take, priority).finally(() => this.coming.delete(path)));
    return this.coming.get(path);
  }

  // Fetch what may be asked for, a few files at a time, so that what is asked for need not wait long. What is not there
  // when something else is foreseen is dropped.
  loadAhead(order = 0) {
    const some = [...this.wanted];
    this.wanted.clear();
    const all = Promise.all(some.map(([path, take]) => new Promise((resolve) => this.waiting.push({ path, take, resolve, order }))));
    this.waiting.sort((a, b) => a.order - b.order); // the likeliest first
    this.goAhead();
    return all;
  }

  goAhead() {
    while (this.ahead < AHEAD_AT_ONCE && this.waiting.length) {
      const { path, take, resolve } = this.waiting.shift();
      this.ahead++;
      this.fetch(path, take, "low")
        .catch(() => {}) // said when it is asked for
        .finally(() => {
          this.ahead--;
          resolve();
          this.goAhead();
        });
    }
  }

  dropAhead() {
    for (const { resolve } of this.waiting.splice(0)) resolve();
  }

  // How many bytes are still to come, about, with all that is wanted now.
  expected() {
    let total = 0;
    for (const path of [...this.coming.keys(), ...this.waiting.map((one) => one.path), ...this.wanted.keys()]) {
      const [bytes, files] = this.usual.get(path[0]) ?? [SOME, 1];
      total += bytes / files;
    }
    return total;
  }

  async take(path, take, priority) {
    const url = new URL(path, this.root);
    for (const cache of ["force-cache", "reload"]) {
      try {
        const data = await request(url, { cache, priority });
        const [bytes, files] = this.usual.get(path[0]) ?? [0, 0];
        this.usual.set(path[0], [bytes + data.length + HEADERS, files + 1]);
        this.spent += data.length + HEADERS;
        await take(data);
        return;
      } catch (error) {
        if (typeof DecompressionStream === "undefined") throw new IndexError("browser", path);
        if (cache === "reload") throw error instanceof IndexError ? error : new IndexError("damaged", path);
      }
    }
  }

  shard(number) {
    const found = this.shards.get(number);
    if (found === undefined)
      this.want("t", this.shardNames[number], async (data) => this.shards.set(number, readShard(await unpack(data))));
    return found;
  }

  // The last shard whose first key is not after `key`; -1 where all are.
  shardOf(key) {
    let [low, high] = [0, this.firsts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isAfter(this.firsts[middle], key)) high = middle;
      else low = middle + 1;
    }
    return low - 1;
  }

  places(key) {
    const known = this.known.get(key);
    if (known) return known;
    const number = this.shardOf(key);
    const shard = number < 0 ? new Map() : this.shard(number);
    if (!shard) return NOTHING;
    const block = shard.get(key);
    const found = block ? readBlock(block) : NOTHING;
    this.known.set(key, found);
    return found;
  }

  keys(beginning) {
    const first = Math.max(0, this.shardOf(beginning));
    const found = [];
    for (let number = first; number < this.firsts.length; number++) {
      if (number > first && !this.firsts[number].startsWith(beginning)) break;
      for (const key of this.shard(number)?.keys() ?? []) if (key.startsWith(beginning)) found.push(key);
    }
    return found;
  }

  // How many shards hold the keys that begin so, and how much one of those keys weighs.
  spanOf(beginning) {
    return this.shardOf(`${beginning}\uffff`) - Math.max(0, this.shardOf(beginning)) + 1;
  }

  sizeOf(key) {
    return this.shards.get(this.shardOf(key))?.get(key)?.length ?? 0;
  }

  // In how many fields of some notes a key stands.
  common(key, notes) {
    let found = 0;
    for (const [zone, byNote] of this.places(key)) if (zone < UNORDERED) for (const note of byNote.keys()) found += notes.has(note);
    return found;
  }

  record(note) {
    const { size } = this.manifest.records;
    const number = Math.floor(note / size);
    const shelf = this.shelves.get(number);
    if (!shelf) {
      this.dictionary();
      this.want("n", this.shelfNames[number], async (data) => this.shelves.set(number, JSON.parse(await this.beside(data))));
    }
    const row = shelf?.[note % size];
    if (!row) return undefined;
    const [slug, title, date, tags, authors, arxiv, langs, runner, texts] = row;
    return { slug, title, date, tags, authors, arxiv, langs, runner: Boolean(runner), texts };
  }

  // Records and long texts are packed beside a dictionary, which is asked for with the first of them.
  dictionary(priority = "high") {
    if (!this.dictionaryComing) {
      let bytes;
      const path = `d/${this.manifest.records.dictionary}.bin`;
      this.dictionaryComing = this.fetch(path, async (data) => (bytes = await unpack(data)), priority).then(() => bytes);
      this.dictionaryComing.catch(() => (this.dictionaryComing = null)); // said by whoever needs it
    }
    return this.dictionaryComing;
  }

  async beside(data) {
    return utf8.decode(await unpackBeside(await this.dictionary(), data));
  }

  // A text as a whole, where its record has only the beginning.
  longText([, , head, name]) {
    if (name === undefined) return head;
    const found = this.texts.get(name);
    if (found === undefined) this.want("x", name, async (data) => this.texts.set(name, await this.beside(data)));
    return found ?? head;
  }

  length(note) {
    const { lengths } = this;
    return lengths ? LENGTHS[(lengths[note >> 1] >> (4 * (note & 1))) & 15] : 0;
  }

  get lengths() {
    if (!this.lengthBytes) this.want("l", this.manifest.lengths, async (data) => (this.lengthBytes = await unpack(data)));
    return this.lengthBytes;
  }

  // The place of a note in time; a later one is higher.
  rank(note) {
    if (this.manifest.ranks && !this.ranks)
      this.want("r", this.manifest.ranks, async (data) => (this.ranks = readRanks(await unpack(data))));
    return this.ranks?.get(note) ?? note;
  }

  allNotes() {
    return new Set(Array.from({ length: this.numbers }, (_, note) => note).filter((note) => !this.free.has(note)));
  }

  get labels() {
    if (!this.labelList)
      this.want("v", this.manifest.vocabulary, async (data) => {
        const rows = JSON.parse(utf8.decode(await unpack(data)));
        this.labelList = rows.map(([name, ko, en, spellings, count, slug, narrower]) => ({ name, ko, en, spellings, count, slug, narrower }));
        this.spelled = new Map();
        for (const label of [...this.labelList].reverse()) for (const form of label.spellings) this.spelled.set(form, label);
      });
    return this.labelList ?? [];
  }

  get columns() {
    if (this.columnLists) return this.columnLists;
    const { size, names: joined } = this.manifest.columns;
    const parts = names(joined);
    const got = [];
    parts.forEach((name, i) =>
      this.want("c", name, async (data) => {
        got[i] = await unpack(data);
        if (Object.keys(got).length < parts.length) return;
        const columns = { years: [], flags: [], tags: [] };
        got.forEach((part, number) => readColumns(columns, part, Math.min(size, this.numbers - number * size)));
        this.columnLists = columns;
      }),
    );
    return EMPTY_COLUMNS;
  }
}

const NOTHING = new Map();
const EMPTY_COLUMNS = { years: [], flags: [], tags: [] };
