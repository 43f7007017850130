// How much a note is worth to a query; the same as src/nonmun/search/ranking.py, bit for bit.
import { ABSTRACT, EN, TAGS, TITLE } from "./matching.js";

const WEIGHTS = [5, 2.5, 1, 1, 1, 4];
const K1 = 1.2;
const B = 0.5;
const EXACT_STEP = 2;
const HEAD_STEP = 1;
const HEAD = (1 << TITLE) | (1 << TAGS);
const LN2 = 0.6931471805599453;

export const worth = (counts, exact, length, average, rare) => {
  let total = 0;
  let fields = 0;
  const norm = 1 - B + (B * length) / average;
  WEIGHTS.forEach((weight, zone) => {
    if (!counts[zone]) return;
    fields |= 1 << zone;
    total += (weight * counts[zone]) / (zone >= ABSTRACT && zone <= EN ? norm : 1);
  });
  const step = (exact ? EXACT_STEP : 0) + ((exact || fields) & HEAD ? HEAD_STEP : 0);
  return rare * (step + total / (K1 + total));
};

export const rarity = (notes, having) => log(1 + (notes - having + 0.5) / (having + 0.5));

export const log = (value) => {
  let halvings = 0;
  while (value >= 2) {
    value /= 2;
    halvings++;
  }
  const ratio = (value - 1) / (value + 1);
  const square = ratio * ratio;
  let total = 0;
  for (let power = 21; power > 0; power -= 2) total = total * square + 1 / power;
  return halvings * LN2 + 2 * ratio * total;
};
