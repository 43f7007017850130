// The files of the index, fetched as they are needed. What is asked for and not there yet is noted in `wanted`; whoever
// asked asks again after `load`.
import { readBlock, readColumns, readShard, unpack } from "./coding.js";

export const FORMAT = 1;
const LENGTHS = [0, 16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 2048, 4096, 8192];
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

const request = async (url, cache, early) => {
  let answer;
  try {
    answer = (await early) ?? (await fetch(url, { cache }));
  } catch {
    throw new IndexError("offline", url);
  }
  if (!answer.ok) throw new IndexError(answer.status === 404 ? "missing" : "offline", url);
  return new Uint8Array(await answer.arrayBuffer());
};

// `early` is the answer for the manifest where somebody has asked for it already.
export const openIndex = async (root, early) => {
  const data = await request(new URL("index.json", root), "no-cache", early);
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
    this.notes = manifest.notes;
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
  }

  want(folder, name, take) {
    const path = `${folder}/${name}.bin`;
    if (!this.wanted.has(path)) this.wanted.set(path, take);
  }

  // Fetch all that was asked for.
  async load() {
    const waiting = [...this.wanted];
    this.wanted.clear();
    for (const [path, take] of waiting)
      if (!this.coming.has(path)) this.coming.set(path, this.take(path, take).finally(() => this.coming.delete(path)));
    await Promise.all(waiting.map(([path]) => this.coming.get(path)));
  }

  async take(path, take) {
    const url = new URL(path, this.root);
    for (const cache of ["force-cache", "reload"]) {
      try {
        const data = await request(url, cache);
        take(await unpack(data));
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
      this.want("t", this.shardNames[number], (data) => this.shards.set(number, readShard(data)));
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

  record(note) {
    const { size } = this.manifest.records;
    const number = Math.floor(note / size);
    const shelf = this.shelves.get(number);
    if (!shelf)
      this.want("n", this.shelfNames[number], (data) => this.shelves.set(number, JSON.parse(utf8.decode(data))));
    const row = shelf?.[note % size];
    if (!row) return undefined;
    const [slug, title, date, tags, authors, arxiv, langs, runner, texts] = row;
    return { slug, title, date, tags, authors, arxiv, langs, runner: Boolean(runner), texts };
  }

  // A text as a whole, where its record has only the beginning.
  longText([, , head, name]) {
    if (name === undefined) return head;
    const found = this.texts.get(name);
    if (found === undefined) this.want("x", name, (data) => this.texts.set(name, utf8.decode(data)));
    return found ?? head;
  }

  length(note) {
    const { lengths } = this;
    return lengths ? LENGTHS[(lengths[note >> 1] >> (4 * (note & 1))) & 15] : 0;
  }

  get lengths() {
    if (!this.lengthBytes) this.want("l", this.manifest.lengths, (data) => (this.lengthBytes = data));
    return this.lengthBytes;
  }

  get labels() {
    if (!this.labelList)
      this.want("v", this.manifest.vocabulary, (data) => {
        this.labelList = JSON.parse(utf8.decode(data)).map(([name, ko, en, spellings, count, slug]) => ({ name, ko, en, spellings, count, slug }));
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
      this.want("c", name, (data) => {
        got[i] = data;
        if (Object.keys(got).length < parts.length) return;
        const columns = { years: [], flags: [], tags: [] };
        got.forEach((part, number) => readColumns(columns, part, Math.min(size, this.notes - number * size)));
        this.columnLists = columns;
      }),
    );
    return EMPTY_COLUMNS;
  }
}

const NOTHING = new Map();
const EMPTY_COLUMNS = { years: [], flags: [], tags: [] };
