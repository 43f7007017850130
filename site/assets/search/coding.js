// Postings and shards from bytes, as src/nonmun/search/coding.py writes them.

export const UNORDERED = 6;
const utf8 = new TextDecoder();

export const readNumber = (data, at) => {
  let value = 0;
  let scale = 1;
  for (;;) {
    if (at >= data.length) throw new RangeError("a file of the index that ends too early");
    const byte = data[at++];
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return [value, at];
    scale *= 128;
  }
};

// A reader of one number after another; a loop of its own, because there are hundreds of thousands of them.
const numbersOf = (data) => {
  let at = 0;
  const next = () => {
    if (at >= data.length) throw new RangeError("a file of the index that ends too early");
    let byte = data[at++];
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let scale = 128; byte >= 0x80; scale *= 128) {
      if (at >= data.length) throw new RangeError("a file of the index that ends too early");
      byte = data[at++];
      value += (byte & 0x7f) * scale;
    }
    return value;
  };
  return { next, more: () => at < data.length };
};

// By zone and note the positions of a key.
export const readBlock = (block) => {
  const zones = new Map();
  const { next, more } = numbersOf(block);
  while (more()) {
    const head = next();
    const zone = head & 7;
    const size = head >>> 3;
    const notes = [];
    const counts = [];
    let note = 0;
    while (notes.length < size) {
      const value = next();
      note += value >>> 1;
      notes.push(note);
      counts.push(value & 1 ? next() : 1);
    }
    const byNote = new Map();
    for (let i = 0; i < size; i++) {
      const places = [];
      let place = 0;
      if (zone < UNORDERED) for (let left = counts[i]; left > 0; left--) places.push((place += next()));
      byNote.set(notes[i], places);
    }
    zones.set(zone, byNote);
  }
  return zones;
};

// The keys of a shard, each with its block.
export const readShard = (data) => {
  const blocks = new Map();
  let [count, at] = readNumber(data, 0);
  const heads = [];
  let letters = new Uint8Array(0);
  for (; count > 0; count--) {
    let shared, length, size;
    [shared, at] = readNumber(data, at);
    [length, at] = readNumber(data, at);
    const whole = new Uint8Array(shared + length);
    whole.set(letters.subarray(0, shared));
    whole.set(data.subarray(at, at + length), shared);
    letters = whole;
    [size, at] = readNumber(data, at + length);
    heads.push([utf8.decode(letters), size]);
  }
  for (const [key, size] of heads) blocks.set(key, data.subarray(at, (at += size)));
  return blocks;
};

export const readColumns = (columns, data, count) => {
  const { next } = numbersOf(data);
  for (const values of [columns.years, columns.flags]) for (let i = 0; i < count; i++) values.push(next());
  for (let i = 0; i < count; i++) columns.tags.push(Array.from({ length: next() }, next));
};

// The place in time of each note: how far every one, by rank, is from where its number would have it.
export const readRanks = (data) => {
  const ranks = new Map();
  const { next, more } = numbersOf(data);
  for (let rank = 0; more(); rank++) {
    const value = next();
    ranks.set(value & 1 ? rank - (value + 1) / 2 : rank + value / 2, rank);
  }
  return ranks;
};

const opened = async (parts, format) => {
  const stream = new Blob(parts).stream().pipeThrough(new DecompressionStream(format));
  return new Uint8Array(await new Response(stream).arrayBuffer());
};

export const unpack = async (data) => (data[0] === 0x1f && data[1] === 0x8b ? opened([data], "gzip") : data);

// What was deflated beside a dictionary: here the dictionary comes first, stored as it is in a block of its own.
export const unpackBeside = async (dictionary, data) => {
  const { length } = dictionary;
  const stored = new Uint8Array([0, length & 0xff, length >> 8, ~length & 0xff, (~length >> 8) & 0xff]);
  return (await opened([stored, dictionary, data], "deflate-raw")).subarray(length);
};
