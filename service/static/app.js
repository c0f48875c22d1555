// Additions for browsers with scripts: keys, drafts, clocks, live numbers. Every page works without.
"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);
  const { page, case: caseId, done } = document.body.dataset;

  // ---- the viewer's zone, unless one was chosen: times are written in it from the next page on
  if (!/(^|; )tz=/.test(document.cookie)) {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (zone) document.cookie = `tz=${zone}; path=/; max-age=31536000; samesite=lax`;
  }

  // ---- clocks
  const duration = (seconds) => {
    if (seconds < 60) return `${seconds} 秒`;
    const days = Math.floor(seconds / 86400);
    if (days >= 2) return `${days} 天`;
    const parts = [[days, "天"], [Math.floor((seconds % 86400) / 3600), "小时"], [Math.floor((seconds % 3600) / 60), "分钟"]];
    while (parts.length && !parts[0][0]) parts.shift();
    return parts.slice(0, 2).filter(([number]) => number).map(([number, unit]) => `${number} ${unit}`).join(" ");
  };
  const tick = () => {
    for (const clock of all("[data-due]")) {
      const left = Math.round((Date.parse(clock.dataset.due) - Date.now()) / 1000);
      clock.textContent = left < 0 ? `超时 ${duration(-left)}` : `剩 ${duration(left)}`;
      clock.classList.toggle("overdue", left < 0);
      clock.classList.toggle("soon", left >= 0 && left < 1800);
      clock.classList.toggle("running", left >= 1800);
    }
  };
  setInterval(tick, 10000);

  // ---- live number of new P0 cases
  const live = one("[data-live]");
  const title = document.title;
  const poll = async () => {
    if (document.hidden) return;
    let answer;
    try {
      answer = await fetch(live.dataset.live, { headers: { Accept: "application/json" } });
    } catch {
      return; // the network is away: the next time tells
    }
    const said = one("[data-live-said]");
    if (answer.status === 401) said.textContent = "登录已过期，请重新登录";
    if (!answer.ok) return;
    const number = (await answer.json()).new_p0;
    const shown = one("[data-live-number]");
    const more = number - Number(shown.textContent);
    shown.textContent = number;
    live.toggleAttribute("data-calm", !number);
    if (more <= 0) return;
    fresh += more;
    document.title = `(${fresh}) ${title}`;
    said.textContent = `新增 ${more} 个 P0 案例`;
    const bar = one("[data-live-more]");
    if (bar) {
      bar.hidden = false;
      one("[data-live-text]").textContent = `有 ${fresh} 个新的 P0 案例。`;
    }
  };
  let fresh = 0;
  if (live) {
    setInterval(poll, 15000);
    document.addEventListener("visibilitychange", poll);
  }

  // ---- what was typed and not yet saved
  const HIDDEN = new Set(["csrf", "version", "view", "at", "signal_shown"]);
  const key = (form) => `draft:${caseId}:${form.dataset.draft}`;
  const drafts = caseId ? all("form[data-draft]") : [];
  const values = (form) => JSON.stringify([...new FormData(form)].filter(([name]) => !HIDDEN.has(name)));
  const restore = (form) => {
    const kept = sessionStorage.getItem(key(form));
    const pristine = values(form);
    if (!kept || kept === pristine || one(".notice.bad", form)) return;
    const pairs = JSON.parse(kept);
    for (const field of form.elements) {
      if (!field.name || HIDDEN.has(field.name)) continue;
      const mine = pairs.filter(([name]) => name === field.name).map(([, value]) => value);
      if (field.type === "checkbox") field.checked = mine.includes(field.value);
      else if (field.type !== "submit" && mine.length) field.value = mine[0];
    }
    form.closest("details")?.setAttribute("open", "");
    const told = document.createElement("p");
    told.className = "hint";
    told.textContent = "已恢复上次没有提交的内容。";
    const drop = document.createElement("button");
    drop.type = "button";
    drop.className = "quiet";
    drop.textContent = "放弃";
    drop.addEventListener("click", () => { sessionStorage.removeItem(key(form)); form.reset(); told.remove(); });
    told.append(drop);
    form.append(told);
  };
  for (const form of drafts) {
    if (form.dataset.draft === done) sessionStorage.removeItem(key(form));
    else restore(form);
    form.addEventListener("input", () => sessionStorage.setItem(key(form), values(form)));
  }
  one('form[action="/logout"]')?.addEventListener("submit", () => sessionStorage.clear());

  // ---- copying the suggested reply, and the letter that explains
  for (const button of all("[data-copy]")) {
    const text = one(`#${button.dataset.copy}`);
    const said = button.parentElement.querySelector("[data-copied]");
    const select = () => getSelection().selectAllChildren(text);
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(text.textContent);
        said.textContent = "已复制";
      } catch { // no HTTPS, or not allowed: the words are selected, a key copies them
        select();
        said.textContent = "已选中，请按 Ctrl+C 复制";
      }
    });
  }

  // ---- forms: once each, Ctrl+Enter from a text
  document.addEventListener("submit", (event) => {
    if (event.target.method !== "post") return;
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "1";
  });
  addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => delete form.dataset.sent));
  document.addEventListener("keydown", (event) => {
    const text = event.target.closest?.("textarea");
    if (text?.form && event.key === "Enter" && (event.ctrlKey || event.metaKey)) text.form.requestSubmit();
  });

  // ---- ticking many cases
  const ticks = all('.queue input[name="case_id"]');
  const every = one("[data-all] input");
  const chosen = () => ticks.filter((box) => box.checked).length;
  const count = () => {
    one("[data-chosen]").textContent = chosen() ? `已勾选 ${chosen()} 个` : "";
    every.checked = ticks.length > 0 && chosen() === ticks.length;
  };
  if (every && ticks.length) {
    one("[data-all]").hidden = false;
    every.addEventListener("change", () => { ticks.forEach((box) => { box.checked = every.checked; }); count(); });
    ticks.forEach((box) => box.addEventListener("change", count));
    count();
  }

  // ---- keys
  const rows = all(".queue .row");
  const here = () => rows.findIndex((row) => row.contains(document.activeElement));
  const move = (step) => {
    const place = here() < 0 ? (step > 0 ? 0 : rows.length - 1) : here() + step;
    const row = rows[Math.max(0, Math.min(rows.length - 1, place))];
    if (!row) return;
    one(".row-link", row).focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  };
  const box = () => rows[here()] && one('input[name="case_id"]', rows[here()]);
  const claim = () => {
    if (!chosen() && box()) box().checked = true;
    if (chosen()) one("#bulk").requestSubmit();
  };
  const QUEUE = {
    j: () => move(1),
    k: () => move(-1),
    x: () => { const found = box(); if (found) { found.checked = !found.checked; count(); } },
    c: claim,
  };
  const press = (letter) => {
    const found = one(`[data-key="${CSS.escape(letter)}"]`);
    if (!found) return false;
    if (found.matches("textarea, input")) {
      found.focus();
      found.select();
    } else if (found.matches("summary")) {
      const place = found.parentElement;
      place.open = true;
      (one("[data-submit]", place) || one("select, textarea, button", place)).focus();
    } else {
      found.click();
    }
    return true;
  };
  const sheet = one("#keys-sheet");
  const help = () => (sheet.open ? sheet.close() : sheet.showModal());
  const GO = { q: "/cases", s: "/statistics" };
  const search = () => { if (!press("/")) location.href = "/cases#q"; };
  let waiting = 0; // until when a letter after g counts
  const isTyping = (target) =>
    target.isContentEditable || target.closest?.("textarea, select, input:not([type=checkbox], [type=radio])");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape" && isTyping(event.target)) { event.target.blur(); return; }
    if (isTyping(event.target) || !sheet) return;
    if (sheet.open && event.key !== "?") return;
    if (act(event.key)) event.preventDefault();
  });
  const act = (pressed) => {
    if (Date.now() < waiting) {
      waiting = 0;
      if (GO[pressed]) { location.href = GO[pressed]; return true; }
    }
    if (pressed === "g") { waiting = Date.now() + 1500; return true; }
    if (pressed === "?") { help(); return true; }
    if (pressed === "/") { search(); return true; }
    if (page === "queue" && QUEUE[pressed]) { QUEUE[pressed](); return true; }
    return page === "case" && /^[a-z]$/.test(pressed) && press(pressed);
  };
  if (location.hash === "#q") one("#q")?.focus();
})();
