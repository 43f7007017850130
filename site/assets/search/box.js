// A search box with a list under it: as one types, with arrows, Enter and Esc, and told to those who hear the page.
import { explain, facts, find, langOf, make, marked, noteAddress, nothing, prepare, root, two, both } from "./view.js";
import { foresee, warm } from "./foresight.js";
import { isEmpty, parseQuery } from "./query.js";

const SHOWN = 7;
let count = 0;

export const attach = (form) => {
  if (form.dataset.nmReady) return;
  form.dataset.nmReady = "";
  const input = form.querySelector("input[type=search]");
  const id = `nm-found-${++count}`;
  const list = make("ul", { id, role: "listbox", class: "nm-found__list", "aria-label": "찾은 글 · Notes found" });
  const note = make("p", { class: "nm-found__note" });
  const panel = make("div", { class: "nm-found", hidden: true }, list, note);
  const status = make("p", { class: "nm-hidden", role: "status", "aria-live": "polite" });
  form.append(panel, status);
  for (const [name, value] of Object.entries({ role: "combobox", "aria-controls": id, "aria-expanded": "false", "aria-autocomplete": "list" }))
    input.setAttribute(name, value);

  let turn = 0;
  let active = -1;
  let saying;
  const options = () => [...list.children];
  const say = (ko, en) => {
    clearTimeout(saying); // not at every letter
    saying = setTimeout(() => (status.textContent = both(ko, en)), 400);
  };
  const open = (wanted) => {
    panel.hidden = !wanted;
    input.setAttribute("aria-expanded", String(wanted && list.childElementCount > 0));
    list.hidden = list.childElementCount === 0;
    if (!wanted) choose(-1);
  };
  const choose = (number) => {
    active = number;
    options().forEach((option, at) => option.setAttribute("aria-selected", String(at === number)));
    const option = options()[number];
    if (option) {
      input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  };
  const everything = () => {
    const address = new URL("search/", root);
    address.searchParams.set("q", input.value);
    for (const hidden of form.querySelectorAll("input[type=hidden]")) address.searchParams.append(hidden.name, hidden.value);
    return address.href;
  };
  const asked = (text = input.value) => {
    const query = parseQuery(text);
    for (const hidden of form.querySelectorAll("input[name=tag]")) query.tags.push(hidden.value);
    return query;
  };

  const option = (number, href, ...content) => {
    const row = make("li", { id: `${id}-${number}`, role: "option", "aria-selected": "false" }, ...content);
    row.dataset.href = href;
    return row;
  };
  const show = ({ result, renewed }, query) => {
    const rows = result.hits.map(({ record, title, snippet }, number) =>
      option(
        number,
        noteAddress(record.slug),
        make("span", { class: "nm-paper", lang: langOf(record.title) }, marked(title)),
        facts(record),
        make("span", { class: "nm-found__text", lang: snippet.lang || undefined }, marked(snippet.pieces)),
      ),
    );
    if (result.total > rows.length)
      rows.push(option(rows.length, everything(), make("span", { class: "nm-found__all" }, two(`${result.total}편 모두 보기`, `All ${result.total}`), " →")));
    list.replaceChildren(...rows);
    const wider = result.wider.filter((one) => one.spellings.length);
    const [ko, en] = result.total ? [] : nothing(query);
    note.replaceChildren(
      ...(ko ? [two(ko, en)] : []),
      ...(wider.length ? [two("함께 찾은 표기:", "Also as"), ` ${wider.flatMap((one) => one.spellings).join(", ")}`] : []),
      ...(renewed ? [" ", two("사이트가 새로 지어져 색인을 다시 받았습니다.", "The site was rebuilt, and the index fetched again.")] : []),
    );
    say(result.total ? `${result.total}편을 찾았습니다` : ko, result.total ? `${result.total} notes found` : en);
  };

  const look = async () => {
    const mine = ++turn;
    const query = asked();
    if (!input.value.trim() || isEmpty(query)) {
      list.replaceChildren();
      open(false);
      return;
    }
    try {
      const current = () => mine === turn;
      const early = (known) => {
        if (!current()) return;
        show(known, query);
        shown();
      };
      const found = await find(query, { limit: SHOWN }, early);
      if (!current()) return;
      // A syllable in the making that finds nothing says nothing yet: what was found stays.
      if (!(composing && !found.result.total && list.childElementCount)) show(found, query);
      const ahead = { ask: asked, options: { limit: SHOWN }, before: found.before, current, hits: found.result.hits };
      setTimeout(() => foresee(found.index, input.value, ahead).catch(() => {}), 10); // once it stands there
    } catch (error) {
      if (mine !== turn) return;
      list.replaceChildren();
      note.replaceChildren(two(...explain(error)));
      say(...explain(error));
    }
    shown();
  };
  const shown = () => {
    choose(-1);
    open(document.activeElement === input || panel.contains(document.activeElement));
  };
  const begin = () => {
    if (input.value.trim()) look();
    else prepare().then((index) => warm(index, () => !turn)).catch(() => {}); // said when something is looked for
  };

  let composing = false;
  input.addEventListener("compositionstart", () => (composing = true));
  input.addEventListener("compositionend", () => {
    composing = false;
    look();
  });
  input.addEventListener("input", look);
  input.addEventListener("focus", begin);
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const number = options().length;
    if (event.key === "Escape" && !panel.hidden) {
      event.preventDefault();
      open(false);
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && number) {
      event.preventDefault();
      open(true);
      const step = event.key === "ArrowDown" ? 1 : -1;
      const next = active + step; // past either end is the box itself, and then the other end
      choose(next < -1 ? number - 1 : next === number ? -1 : next);
    } else if (event.key === "Enter" && active >= 0 && !panel.hidden) {
      event.preventDefault();
      location.assign(options()[active].dataset.href);
    }
  });
  panel.addEventListener("mousedown", (event) => event.preventDefault()); // the focus stays in the box
  list.addEventListener("click", (event) => {
    const row = event.target.closest("[role=option]");
    if (!row) return;
    if (event.ctrlKey || event.metaKey) window.open(row.dataset.href, "_blank", "noopener");
    else location.assign(row.dataset.href);
  });
  form.addEventListener("focusout", ({ relatedTarget }) => form.contains(relatedTarget) || open(false));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    location.assign(everything());
  });
  if (document.activeElement === input) begin();
};
