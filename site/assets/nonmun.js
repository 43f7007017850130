// What a page does beyond showing itself: the reader's language, light and dark, copying, and pages read as files.
(() => {
  const assets = document.currentScript.src;
  const root = document.documentElement;
  const stored = (name, value) => {
    try {
      if (value === undefined) return localStorage.getItem(`nonmun.${name}`);
      localStorage.setItem(`nonmun.${name}`, value);
    } catch {
      // Storage is refused: the choice holds for this page.
    }
    return null;
  };

  // Language: the page's head has set it before anything was painted.
  const setLanguage = (lang) => {
    root.dataset.nmLang = ["ko", "en"].includes(lang) ? lang : "both";
    for (const button of document.querySelectorAll("button[data-nm-lang]"))
      button.setAttribute("aria-pressed", String(button.dataset.nmLang === root.dataset.nmLang));
  };

  // Light and dark: what the reader chose, else what their system says.
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let scheme = null;
  const setScheme = () => {
    const isDark = (stored("scheme") ?? scheme ?? (dark.matches ? "dark" : "light")) === "dark";
    document.body.setAttribute("data-md-color-scheme", isDark ? "slate" : "default");
    for (const button of document.querySelectorAll("[data-nm-scheme]")) button.setAttribute("aria-pressed", String(isDark));
  };

  // Copying: an icon, and a word for those who hear the page.
  const icons = { copy: "M8 8h12v12H8zM16 8V4H4v12h4", done: "m5 12 5 5L19 7" };
  const show = (button, icon, label) => {
    button.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${icons[icon]}"/></svg>`;
    button.title = label;
    button.setAttribute("aria-label", label);
  };
  const copy = async (button) => {
    const code = button.parentElement.querySelector("code");
    try {
      await navigator.clipboard.writeText(code.textContent.trimEnd());
      show(button, "done", "복사됨 · Copied");
      setTimeout(show, 2000, button, "copy", "복사 · Copy");
    } catch {
      getSelection().selectAllChildren(code);
    }
  };

  // A folder read from a disk has no index of its own.
  const asFile = (link) => {
    if (link.protocol === "file:" && !/\.[^/]+$/.test(link.pathname))
      link.pathname += link.pathname.endsWith("/") ? "index.html" : "/index.html";
  };

  // The room one is in; the header outlives a page where the theme swaps pages without loading them.
  const place = () => {
    for (const link of document.querySelectorAll(".nm-rooms a")) {
      const inside = link.matches("li:first-child > a") ? link.pathname === location.pathname : location.pathname.startsWith(link.pathname);
      if (!inside) link.removeAttribute("aria-current");
      else if (!link.hasAttribute("aria-current")) link.setAttribute("aria-current", "true");
    }
  };

  // Search: the page's head has asked for what every search needs. For readers who are short of data it has not: then
  // that comes when they go to a box, all modules at once, not as one names the other.
  const modules = ["box", "view", "foresight", "engine", "filters", "query", "tokens", "reader", "coding", "matching", "ranking", "snippets"];
  const part = (name) => import(new URL(`search/${name}.js`, assets).href);
  const begin = () => {
    if (window.nmManifest !== undefined || location.protocol === "file:" || document.querySelector("link[rel=modulepreload]")) return;
    window.nmManifest = fetch(new URL("../search/index.json", assets), { cache: "no-cache" }).catch(() => null);
    for (const name of modules) part(name).catch(() => {});
  };
  const searching = (form) => {
    begin();
    part("box").then(({ attach }) => attach(form), () => form.classList.add("nm-find--plain"));
  };
  document.addEventListener("focusin", ({ target }) => {
    const form = target.closest?.(".nm-find[data-nm-box]");
    if (form && target.type === "search") searching(form);
  });
  const searchPage = () => {
    const place = document.querySelector(".nm-search");
    if (!place || place.dataset.nmReady) return;
    place.dataset.nmReady = "";
    begin();
    part("page").then(({ start }) => start(place), () => (place.querySelector(".nm-results__status").textContent = onDisk));
  };
  const onDisk = "검색은 서버가 있어야 합니다. nonmun serve로 여세요. · Search needs a server; open the site with nonmun serve.";
  document.addEventListener("keydown", (event) => {
    const { key, target, altKey, ctrlKey, metaKey } = event;
    const typing = target.closest?.("input, textarea, select, [contenteditable]");
    const asked = (key === "/" && !typing && !altKey && !ctrlKey && !metaKey) || (key.toLowerCase() === "k" && (ctrlKey || metaKey) && !altKey);
    if (!asked) return;
    const boxes = [...document.querySelectorAll(".nm-search input[type=search], .nm-find input[type=search]")];
    const box = boxes.find((one) => one.checkVisibility?.() ?? one.offsetParent);
    event.preventDefault();
    if (box) {
      box.focus();
      box.select();
    } else document.querySelector(".nm-find__link")?.click();
  });

  const arrange = () => {
    searchPage();
    setLanguage(stored("lang") ?? root.dataset.nmLang);
    setScheme();
    for (const block of document.querySelectorAll(".nm pre, .nm-command")) {
      if (block.querySelector(".nm-copy")) continue;
      const button = document.createElement("button");
      button.className = "nm-copy";
      button.type = "button";
      show(button, "copy", "복사 · Copy");
      block.append(button);
    }
    const contents = document.querySelector(".nm-toc");
    if (contents && matchMedia("(min-width: 60em)").matches) contents.open = true;
    if (location.protocol === "file:") for (const link of document.links) asFile(link);
  };

  document.addEventListener("click", ({ target }) => {
    const button = target.closest?.("button");
    if (!button) return;
    if (button.dataset.nmLang) {
      stored("lang", button.dataset.nmLang);
      setLanguage(button.dataset.nmLang);
    } else if ("nmScheme" in button.dataset) {
      scheme = document.body.getAttribute("data-md-color-scheme") === "slate" ? "light" : "dark";
      stored("scheme", scheme);
      setScheme();
    } else if (button.className === "nm-copy") copy(button);
  });
  addEventListener("pageshow", ({ persisted }) => persisted && arrange());
  addEventListener("storage", arrange);
  dark.addEventListener("change", setScheme);

  // With instant navigation the theme announces each page; without it there is this one.
  if (typeof document$ === "undefined") arrange();
  else document$.subscribe((_) => (arrange(), location.protocol === "file:" || place()));
})();
