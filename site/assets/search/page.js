// The page /search/: results, facets beside them, and the address that says all of it.
import { explain, facts, find, langOf, make, marked, noteAddress, nothing, root, two, both } from "./view.js";
import { foresee } from "./foresight.js";
import { parseQuery, tagForm } from "./query.js";

const STEP = 20;
const TAGS_SHOWN = 24;
const FORESEEN = 10; // notes of a list that are fetched before it is asked for
const LISTS = ["tag", "not", "year", "lang"];

// The address is the whole state.
const readState = () => {
  const asked = new URLSearchParams(location.search);
  const state = { q: asked.get("q") ?? "", any: asked.get("any") === "1", exact: asked.get("exact") === "1", runner: asked.get("has") === "runner", n: Math.min(Math.max(Number(asked.get("n")) || STEP, STEP), 1000) };
  for (const name of LISTS) state[name] = asked.getAll(name);
  return state;
};

const addressOf = (state) => {
  const asked = new URLSearchParams();
  if (state.q) asked.set("q", state.q);
  for (const name of LISTS) for (const value of state[name]) asked.append(name, value);
  if (state.any) asked.set("any", "1");
  if (state.runner) asked.set("has", "runner");
  if (state.exact) asked.set("exact", "1");
  if (state.n > STEP) asked.set("n", state.n);
  const text = asked.toString();
  return text ? `${location.pathname}?${text}` : location.pathname;
};

const queryOf = (state) => {
  const query = parseQuery(state.q);
  query.tags.push(...state.tag.map(tagForm).filter((form) => !query.tags.includes(form)));
  query.withoutTags.push(...state.not.map(tagForm));
  query.years.push(...state.year.flatMap((year) => parseQuery(`year:${year}`).years));
  query.langs.push(...state.lang.filter((lang) => ["ko", "en"].includes(lang) && !query.langs.includes(lang)));
  query.runner ||= state.runner;
  return query;
};

let stop = null;

export const start = (place) => {
  stop?.abort();
  stop = new AbortController();
  const { signal } = stop;
  const input = place.querySelector("input[type=search]");
  const form = input.form;
  const list = place.querySelector(".nm-results__list");
  const status = place.querySelector(".nm-results__status");
  const more = place.querySelector(".nm-results__more");
  const sheet = place.querySelector(".nm-facets");
  const opener = place.querySelector(".nm-facets__open");
  let state = readState();
  let turn = 0;
  let allTags = false;
  let composing = false;

  const go = (change, push = true) => {
    state = { ...state, n: STEP, ...change };
    if (push) history.pushState(null, "", addressOf(state));
    else history.replaceState(null, "", addressOf(state));
    return look();
  };

  const look = async () => {
    const mine = ++turn;
    const query = queryOf(state);
    place.setAttribute("aria-busy", "true");
    try {
      const options = { limit: state.n, facets: true, anyTag: state.any, widen: !state.exact };
      const found = await find(query, options);
      const current = () => mine === turn;
      if (!current()) return;
      if (composing && !found.result.total && list.childElementCount) return;
      show(found, query);
      const ahead = { ask: (q) => queryOf({ ...state, q }), options: { ...options, limit: Math.min(state.n, FORESEEN) }, before: found.before, current, hits: found.result.hits };
      if (document.activeElement === input) setTimeout(() => foresee(found.index, state.q, ahead).catch(() => {}), 10);
    } catch (error) {
      if (mine !== turn) return;
      list.replaceChildren();
      more.hidden = true;
      const [ko, en] = explain(error);
      status.replaceChildren(two(ko, en), " ", act(two("다시 검색", "Search again"), () => look()));
    } finally {
      if (mine === turn) place.removeAttribute("aria-busy");
    }
  };

  const act = (label, action, attributes = {}) => {
    const button = make("button", { type: "button", class: "nm-act", ...attributes }, label);
    button.addEventListener("click", action);
    return button;
  };

  const show = ({ result, index, renewed }, query) => {
    list.replaceChildren(
      ...result.hits.map(({ record, title, snippet }) =>
        make(
          "li",
          {},
          make("a", { class: "nm-paper", href: noteAddress(record.slug), lang: langOf(record.title) }, marked(title)),
          facts(record, 4),
          snippet.pieces.length ? make("p", { class: "nm-results__text", lang: snippet.lang }, marked(snippet.pieces)) : null,
        ),
      ),
    );
    const said = result.total ? [`${result.total}편`, `${result.total} ${result.total === 1 ? "note" : "notes"}`] : nothing(query);
    const lines = [make("span", { class: "nm-results__count" }, two(...said))];
    for (const one of result.wider.filter(({ spellings }) => spellings.length))
      lines.push(make("span", { class: "nm-results__wider" }, two("함께 찾은 표기:", "Also as"), ` ${one.spellings.join(", ")} `, act(two("이대로만", "Only as written"), () => go({ exact: true }))));
    if (state.exact) lines.push(act(two("다른 표기도 찾기", "Other spellings too"), () => go({ exact: false })));
    if (result.problems.length) lines.push(make("span", {}, two("알 수 없는 조건:", "Not understood:"), ` ${result.problems.join(" ")}`));
    if (renewed) lines.push(make("span", {}, two("사이트가 새로 지어져 색인을 다시 받았습니다.", "The site was rebuilt, and the index fetched again.")));
    if (!result.total && conditions()) lines.push(act(two("조건 모두 지우기", "Clear conditions"), clear));
    status.replaceChildren(...lines);
    more.hidden = result.total <= result.hits.length;
    showFacets(result, index);
  };

  const conditions = () => state.tag.length + state.not.length + state.year.length + state.lang.length + (state.runner ? 1 : 0);
  const clear = () => go({ tag: [], not: [], year: [], lang: [], runner: false, any: false });

  // Facets. A tag goes from wanted to unwanted to neither, click by click.
  const showFacets = ({ facets }, index) => {
    const focused = document.activeElement?.dataset?.nmFacet;
    const labels = new Map(index.labels.map((label) => [label.name, label]));
    const nameOf = (form) => index.spelled?.get(tagForm(form))?.name ?? form;
    const wanted = state.tag.map(nameOf);
    const unwanted = state.not.map(nameOf);
    const counts = new Map(facets.tags);
    const chosen = [...wanted, ...unwanted];
    const others = facets.tags.map(([name]) => name).filter((name) => !chosen.includes(name));
    const shown = allTags ? others : others.slice(0, TAGS_SHOWN);
    const tagButton = (name) => {
      const sign = wanted.includes(name) ? "in" : unwanted.includes(name) ? "out" : "";
      const next = { in: { tag: without(wanted, name), not: [...unwanted, name] }, out: { tag: wanted, not: without(unwanted, name) }, "": { tag: [...wanted, name], not: unwanted } }[sign];
      const label = labels.get(name);
      const told = { in: both("있는 것만, 누르면 없는 것만", "with it; press for without"), out: both("없는 것만, 누르면 해제", "without it; press to clear"), "": both("누르면 있는 것만", "press for with it") }[sign];
      return facet(`tag:${name}`, sign, counts.get(name), () => go(next), [
        sign && make("span", { class: "nm-facet__sign", "aria-hidden": "true" }, sign === "in" ? "+" : "−"),
        make("span", { lang: langOf(name) }, `#${name}`),
        label && label.ko !== name && make("span", { class: "nm-tag__ko" }, ` ${label.ko}`),
        make("span", { class: "nm-hidden" }, ` ${told}`),
      ]);
    };
    const toggle = (name, list, value, count, content) =>
      facet(`${name}:${value}`, list.includes(value) ? "in" : "", count, () => go({ [name]: list.includes(value) ? without(list, value) : [...list, value] }), content);
    const group = (title, children, extra = null) => (children.length ? make("section", {}, make("h2", {}, title), extra, make("ul", {}, children)) : null);
    const mode = make("div", { class: "nm-switch nm-facets__mode", role: "group", "aria-label": both("여러 태그", "Several tags") },
      modeButton(two("모두", "All"), !state.any, () => go({ any: false })), modeButton(two("하나라도", "Any"), state.any, () => go({ any: true })));
    const runnerButton = facet("runner", state.runner ? "in" : "", facets.runner, () => go({ runner: !state.runner }), [two("실행 가능", "Has a runner")]);
    const tagsTitle = two("태그", "Tags");
    sheet.querySelector(".nm-facets__body").replaceChildren(
      ...[
        conditions() ? make("p", { class: "nm-facets__clear" }, act(two("조건 모두 지우기", "Clear conditions"), clear)) : null,
        group(tagsTitle, [...chosen, ...shown].map(tagButton), wanted.length > 1 || state.any ? mode : null),
        others.length > shown.length ? act(two(`${others.length - shown.length}개 더`, `${others.length - shown.length} more`), () => { allTags = true; showFacets({ facets }, index); }) : null,
        group(two("연도", "Year"), facets.years.map(([year, n]) => toggle("year", state.year, String(year), n, [String(year)]))),
        group(two("언어", "Language"), facets.langs.filter(([lang, n]) => n || state.lang.includes(lang)).map(([lang, n]) => toggle("lang", state.lang, lang, n, [make("span", { lang }, lang === "ko" ? "한국어" : "English")]))),
        facets.runner || state.runner ? group(two("실행", "Run"), [runnerButton]) : null,
      ].filter(Boolean),
    );
    opener.querySelector(".nm-facets__number").textContent = conditions() ? ` ${conditions()}` : "";
    if (focused) [...sheet.querySelectorAll("[data-nm-facet]")].find((one) => one.dataset.nmFacet === focused)?.focus();
  };

  const without = (list, value) => list.filter((one) => one !== value);
  const modeButton = (label, on, action) => act(label, action, { "aria-pressed": String(on), class: "" });
  const facet = (name, sign, count, action, content) => {
    const button = act("", action, { class: `nm-facet${sign ? ` nm-facet--${sign}` : ""}`, "aria-pressed": { in: "true", out: "mixed", "": "false" }[sign], "data-nm-facet": name });
    button.replaceChildren(make("span", {}, ...content.filter(Boolean)), make("small", {}, String(count ?? 0)));
    return make("li", {}, button);
  };

  // The facets stand beside the results where there is room, else in a sheet from below.
  const wide = matchMedia("(min-width: 60em)");
  const arrange = () => {
    if (sheet.open) sheet.close();
    if (wide.matches) sheet.setAttribute("open", "");
  };
  wide.addEventListener("change", arrange, { signal });
  opener.addEventListener("click", () => sheet.showModal(), { signal });
  sheet.addEventListener("click", (event) => {
    if (event.target === sheet || event.target.closest(".nm-facets__close")) if (!wide.matches) sheet.close();
  }, { signal });
  arrange();

  let waiting;
  input.addEventListener("compositionstart", () => (composing = true), { signal });
  input.addEventListener("compositionend", () => {
    composing = false;
    go({ q: input.value }, false);
  }, { signal });
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => go({ q: input.value }, false), 30); // browsers allow only so many addresses a second
  }, { signal });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    go({ q: input.value });
  }, { signal });
  more.addEventListener("click", () => go({ n: state.n + STEP }, false), { signal });
  addEventListener("popstate", () => {
    if (!location.pathname.startsWith(new URL("search/", root).pathname)) return;
    state = readState();
    input.value = state.q;
    look();
  }, { signal });
  // What was typed while this script was on its way counts, where the address says nothing else.
  if (input.value && !state.q) go({ q: input.value }, false);
  else {
    input.value = state.q;
    look();
  }
};
