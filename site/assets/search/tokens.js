// Text as the units that are counted and compared; the same as src/nonmun/search/tokens.py, by the same table of cases.

const JAMO = "\\u1100-\\u11ff\\u3131-\\u318e\\ua960-\\ua97f\\ud7b0-\\ud7ff\\uffa0-\\uffdc";
const RUN = new RegExp(`[\\uac00-\\ud7a3]+|(?:(?![\\uac00-\\ud7a3${JAMO}])[\\p{L}\\p{N}])+`, "gu");
const CAMEL = /(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/;
const OTHER_CASES = { ß: "ss", ς: "σ", ſ: "s" };
const MAX_WORD = 64;

export const HALF_TYPED = new RegExp(`[${JAMO}]+$`, "u");
export const STOP_WORDS = new Set(
  "a an and are as at be by for from in is it of on or that the this to we which with".split(" "),
);
export const ENDINGS = new Set(
  `
  이 가 은 는 을 를 의 에 로 와 과 도 만 랑 란 나 든 께 여 야 들 인 한 할 함 된 될 됨 해 돼 으로 에서 에게 한테
  부터 까지 처럼 보다 마다 조차 밖에 이나 이란 이든 이며 이고 라는 이라 라고 들이 들은 들을 들의 들에 들과 에는 에도
  에만 에의 로는 로도 로의 로만 와의 과의 와는 과는 만을 만이 만의 만은 까지의 까지도 부터의 으로는 으로도 으로의
  으로만 으로써 으로서 로써 로서 에서는 에서도 에서의 에서만 에서와 에게는 보다는 보다도 이라는 이라고 이라면 이라도
  이다 이지만 인데 입니다 이었다 였다 들에서 들에게 들로 들도 들만 들이다 들입니다 하는 하고 하여 하면 하며 하지
  하다 하게 하기 하려 하자 하는데 하기도 했다 했고 했던 했을 해서 해야 해도 해준 합니다 했습니다 한다 한다는 한다면
  하는지 할지 함을 함에 함으로써 하기에 하기가 하기는 하지만 되는 되고 되어 되면 되며 되지 되다 되게 되기 된다
  된다는 된다면 됐다 됐고 돼서 됩니다 됐습니다 되었다 되었습니다 됨을 되어서 시키는 시키고 시켜 시켜서 시킨 시킨다
  시킬 시키면 시키기 시킵니다 시켰다 시켰습니다 적인 적으로 적이고 적이다 적입니다 적이지
  `.trim().split(/\s+/),
);
const LONGEST_ENDING = Math.max(...[...ENDINGS].map((ending) => ending.length));

export const isAscii = (text) => /^[\x00-\x7f]*$/.test(text);
export const normal = (text) => text.normalize("NFC");
export const isSyllable = (char) => char >= "\uac00" && char <= "\ud7a3";

export const fold = (word) => {
  if (isAscii(word)) return word.toLowerCase().slice(0, MAX_WORD);
  const plain = word.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").normalize("NFKC");
  const lower = plain.toLowerCase().replace(/[ßςſ]/g, (char) => OTHER_CASES[char]);
  return Array.from(lower).slice(0, MAX_WORD).join("");
};

// The runs of an NFC text: unbroken Hangul, or one word.
export const runs = (text) =>
  Array.from(text.matchAll(RUN), (found) => ({
    start: found.index,
    end: found.index + found[0].length,
    text: found[0],
    hangul: isSyllable(found[0][0]),
  }));

export const units = (text) => {
  const row = [];
  for (const run of runs(text)) {
    if (run.hangul)
      for (let at = 0; at < run.text.length; at++)
        row.push({ start: run.start + at, end: run.start + at + 1, text: run.text[at], hangul: true, parts: [] });
    else row.push({ start: run.start, end: run.end, text: fold(run.text), hangul: false, parts: camelParts(run.text) });
  }
  return row;
};

export const camelParts = (word) => {
  if (!isAscii(word) || word === word.toLowerCase() || word === word.toUpperCase()) return [];
  const parts = word.split(CAMEL).map((part) => part.toLowerCase());
  return parts.length > 1 ? parts.filter((part) => part.length > 1) : [];
};

export const stem = (word) => {
  if (word.length < 4 || !/^[A-Za-z]+$/.test(word)) return word;
  if (word.endsWith("ies") && word.length > 4) word = `${word.slice(0, -3)}y`;
  else if (/(?:sses|shes|ches|xes)$/.test(word)) word = word.slice(0, -2);
  else if (word.endsWith("s") && !/(?:ss|us|is|as)$/.test(word)) word = word.slice(0, -1);
  if (/i[zs]ation$/.test(word) && word.length > 9) return word.slice(0, -5);
  if (word.endsWith("ied") && word.length > 4) return `${word.slice(0, -3)}y`;
  for (const ending of ["ing", "ed"]) {
    let rest = word.slice(0, -ending.length);
    if (word.endsWith(ending) && rest.length > 2 && /[aeiouy]/.test(rest)) {
      if (rest.at(-1) === rest.at(-2) && !"lsz".includes(rest.at(-1))) rest = rest.slice(0, -1);
      word = rest;
      break;
    }
  }
  return word.endsWith("e") && word.length > 3 ? word.slice(0, -1) : word;
};

export const stemPrefix = (stemmed) => (stemmed.endsWith("y") ? stemmed.slice(0, -1) : stemmed);

// The longest ending that leaves at least two syllables before it, or nothing.
export const endingOf = (run) => {
  for (let length = Math.min(LONGEST_ENDING, run.length - 2); length > 0; length--)
    if (ENDINGS.has(run.slice(-length))) return run.slice(-length);
  return "";
};

// What a syllable without a last consonant may yet become while it is typed.
export const openForms = (syllable) => {
  const code = syllable.charCodeAt(0) - 0xac00;
  if (!isSyllable(syllable) || code % 28) return [];
  return Array.from({ length: 27 }, (_, last) => String.fromCharCode(0xac00 + code + last + 1));
};
