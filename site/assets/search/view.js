// What box and page share: the index, words in both languages, and how a hit looks. Text becomes text, never markup.
import { IndexError, openIndex } from "./reader.js";
import { search } from "./engine.js";

export const root = new URL("../../", import.meta.url);
const indexRoot = new URL("search/", root);
const onDisk = root.protocol === "file:";

export const make = (name, attributes = {}, ...children) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes))
    if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== undefined) element.setAttribute(key, value);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
};

export const two = (ko, en) => make("span", { class: "nm-t" }, make("span", { lang: "ko" }, ko), " ", make("span", { lang: "en" }, en));
export const both = (ko, en) => {
  const { nmLang } = document.documentElement.dataset;
  return nmLang === "ko" ? ko : nmLang === "en" ? en : `${ko} · ${en}`;
};
export const hasHangul = (text) => /[\uac00-\ud7a3]/.test(text);
export const langOf = (text) => (hasHangul(text) ? undefined : "en");
export const marked = (pieces) => pieces.map(([text, match]) => (match ? make("mark", {}, text) : text));

export const noteAddress = (slug) => new URL(`notes/${encodeURIComponent(slug)}/`, root).href;

export const facts = (record, limit = 3) =>
  make(
    "span",
    { class: "nm-facts" },
    record.date && make("time", {}, record.date),
    record.runner && make("span", { class: "nm-runs" }, two("실행", "Run")),
    record.tags.length > 0 &&
      make("span", { class: "nm-facts__tags" }, record.tags.slice(0, limit).map((tag) => make("span", { lang: langOf(tag) }, `#${tag} `))),
  );

// The one index of this page, opened at the first need and again where the site was rebuilt under it.
let opening = null;
const opened = (priority) => {
  const early = window.nmManifest; // the page's own script has asked for it while modules came
  if (early) window.nmManifest = false;
  return (opening ??= openIndex(indexRoot, early || undefined, priority).catch((error) => {
    opening = null;
    throw error;
  }));
};

// What every search needs, whatever it is for.
export const prepare = async (priority) => {
  if (onDisk) throw new IndexError("disk", root.href);
  const index = await opened(priority);
  void index.labels;
  void index.lengths;
  index.rank(0);
  await Promise.all([index.load(priority), index.dictionary(priority)]);
  return index;
};

// A result, and whether the index had to be fetched anew. `before` is what the index had spent until then, and `early`
// is given a result whose passages may change. Throws IndexError.
export const find = async (query, options, early = null) => {
  if (onDisk) throw new IndexError("disk", root.href);
  const index = await opened();
  const before = index.spent;
  index.dropAhead();
  const known = early && ((result) => early({ result, index, before, renewed: false }));
  try {
    return { result: await search(index, query, options, known), index, before, renewed: false };
  } catch (error) {
    if (!(error instanceof IndexError) || !["missing", "damaged"].includes(error.kind)) throw error;
    opening = null;
    const fresh = await opened();
    if (fresh.text === index.text && error.kind === "missing") throw error;
    return { result: await search(fresh, query, options), index: fresh, before: fresh.spent, renewed: true };
  }
};

const SAY = {
  disk: ["검색은 서버가 있어야 합니다. 터미널에서 nonmun serve를 실행하거나, nonmun search로 찾아보세요.", "Search needs a server. Run nonmun serve, or search with nonmun search in a terminal."],
  offline: ["검색 색인을 받지 못했습니다. 연결을 확인한 다음 다시 검색해 보세요.", "The search index could not be fetched. Check the connection, then search again."],
  missing: ["검색 색인의 파일이 빠져 있습니다. 사이트를 다시 빌드하거나, 잠시 뒤에 새로 고쳐 보세요.", "A file of the search index is missing. Build the site again, or reload in a while."],
  damaged: ["검색 색인의 파일이 손상되었습니다. 새로 고쳐 보고, 그래도 안 되면 사이트를 다시 빌드하세요.", "A file of the search index is damaged. Reload; if that does not help, build the site again."],
  format: ["사이트가 바뀌었습니다. 페이지를 새로 고쳐 주세요.", "The site has changed. Please reload the page."],
  browser: ["이 브라우저는 색인을 풀지 못합니다. 2023년 이후의 브라우저에서 열어 주세요.", "This browser cannot unpack the index. Use one from 2023 or later."],
};

export const explain = (error) => SAY[error?.kind] ?? SAY.offline;

export const nothing = (query) => {
  const narrowed = query.tags.length + query.withoutTags.length + query.years.length + query.langs.length + query.authors.length || query.runner;
  return narrowed
    ? ["찾은 글이 없습니다. 조건을 하나 지우거나 낱말을 줄여 보세요.", "Nothing found. Take a condition away, or use fewer words."]
    : ["찾은 글이 없습니다. 낱말을 줄이거나, 다른 표기나 영어로도 찾아보세요.", "Nothing found. Use fewer words, or another spelling or language."];
};
