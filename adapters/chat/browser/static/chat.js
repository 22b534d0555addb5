// The page's own script: puts in place what the server writes, and keeps the focus where it is. Without it the page works too.
"use strict";
(() => {
  const page = document.querySelector(".chat");
  const list = page.querySelector(".channel .list");
  const side = page.querySelector(".thread");
  const newer = page.querySelector(".newer");
  const dialog = document.querySelector("dialog");
  const heard = document.querySelector(".heard");
  const connection = document.querySelector(".connection");
  const channel = page.dataset.channel;
  const title = document.title;
  let version = page.dataset.version;
  let told = Number(version);  // up to which version new messages were said
  let source = null;
  let awaited = { thread: "", until: 0 };  // where the answer to the last press is expected
  const drafts = new Map();  // what is typed and not sent, by thread
  let lost = 0;  // the timer that says so where it does not come again at once
  let opener = null;  // what to give the focus back to

  const part = (html) => {
    const made = document.createElement("template");
    made.innerHTML = html;
    return made.content.firstElementChild;
  };
  const here = (inside) => new URLSearchParams({ in: channel, thread: side.contains(inside) ? page.dataset.thread : "" });
  const atEnd = (box) => box.scrollHeight - box.scrollTop - box.clientHeight < 80;
  const toEnd = (box) => { box.scrollTop = box.scrollHeight; };
  const heading = (article) => article.querySelector("h3")?.textContent ?? "";

  // Said to screen readers: each new message once, as a sentence.
  const tell = (text) => {
    const line = document.createElement("p");
    line.textContent = text;
    heard.append(line);
    while (heard.children.length > 5) heard.firstChild.remove();
  };

  const unreachable = () => { throw new Error("Clew cannot be reached. Send it again; it acts once."); };

  const request = async (path, body) => {
    const asked = { method: body ? "POST" : "GET", body, headers: { "Clew-Part": "1" } };
    const answer = await fetch(path, asked).catch(unreachable);
    const text = await answer.text();
    if (!answer.ok) throw new Error(text.trim());
    return text;
  };

  // What changes -----------------------------------------------------------------------------------------

  const twin = (fresh, held) => {
    if (held.name === "button") return fresh.querySelector(`button[value="${CSS.escape(held.value)}"]`);
    if (held.tagName === "A") return fresh.querySelector(`a[href="${CSS.escape(held.getAttribute("href"))}"]`);
    return held.tagName === "SUMMARY" ? fresh.querySelector("summary") : null;
  };

  // A press is lost where its button goes between down and up, so a message under a finger changes a moment later.
  let finger = null;
  const waiting = [];
  document.addEventListener("pointerdown", (event) => { finger = event.target.closest("article"); });
  for (const kind of ["pointerup", "pointercancel"]) {
    document.addEventListener(kind, () => setTimeout(() => {
      finger = null;
      waiting.splice(0).forEach(place);
    }));
  }

  const replace = (old, message) => {
    if (old === finger) { waiting.push({ ...message, new: false }); return; }
    const fresh = part(message.html);
    const held = old.contains(document.activeElement) ? document.activeElement : null;
    const unfolded = [...old.querySelectorAll("details")].map((one) => one.open);
    const box = old.closest(".list");
    const near = atEnd(box);
    if (heading(old) !== heading(fresh)) {
      tell(message.summary);
      if (message.id === awaited.thread) awaited.until = 0;  // the answer is the message itself
    }
    old.replaceWith(fresh);
    fresh.querySelectorAll("details").forEach((one, at) => { one.open = unfolded[at] ?? false; });
    if (held) (twin(fresh, held) ?? fresh).focus({ preventScroll: true });
    if (near && fresh.nextElementSibling?.matches("article")) toEnd(box);
    else if (near) follow(box, fresh);
  };

  // Down to the end, but no further than the beginning of what is new.
  const follow = (box, article) => {
    toEnd(box);
    box.scrollTop = Math.min(box.scrollTop, article.offsetTop - box.offsetTop - 8);
  };

  const settle = (box) => {
    const last = [...box.querySelectorAll("article")].at(-1);
    if (last) follow(box, last);
  };

  const append = (box, message) => {
    const near = atEnd(box) || !message.summary;
    const fresh = part(message.html);
    box.querySelector(".working").before(fresh);
    if (near) follow(box, fresh);
    else if (box === list) newer.hidden = false;
  };

  const place = (message) => {
    const there = document.querySelectorAll(`[data-message="${message.id}"]`);
    if (there.length) {
      there.forEach((old) => replace(old, message));
    } else if (!message.thread && message.channel === channel) {
      append(list, message);
    } else if (message.thread && message.thread === page.dataset.thread) {
      append(side.querySelector(".list"), message);
    }
    if (message.new && message.summary && Number(version) > told) {
      told = Number(version);
      tell(message.channel === channel ? message.summary : `#${message.channel}: ${message.summary}`);
      if (message.thread === awaited.thread && Date.now() < awaited.until) {
        awaited.until = 0;
        if (!draft()) open(message.thread);
      }
    }
  };

  const beside = ({ unread, working }) => {
    let all = 0;
    for (const [name, count] of Object.entries(unread)) {
      const mark = document.querySelector(`[data-channel="${name}"] .unread`);
      all += count;
      mark.hidden = count === 0;
      mark.querySelector("b").textContent = count;
    }
    document.title = all ? `(${all}) ${title}` : title;
    for (const [box, thread] of [[list, null], [side.querySelector(".list"), page.dataset.thread]]) {
      const line = box?.querySelector(".working");
      const texts = working.filter((one) => one.channel === channel && one.thread === thread).map((one) => one.text);
      if (!line || line.textContent === texts.join(" ")) continue;
      const near = atEnd(box);
      line.textContent = texts.join(" ");
      if (near) toEnd(box);
    }
    if (unread[channel]) seen();
  };

  const seen = () => {
    if (document.hidden) return;
    const body = new FormData();
    body.set("in", channel);
    body.set("version", version);
    request("read", body).catch(() => {});
  };

  // A tab that nobody looks at asks now and then: browsers keep few connections to one server open.
  const connect = () => {
    source?.close();
    const brief = document.hidden;
    source = new EventSource(`events?after=${version}${brief ? "&brief" : ""}`);
    const on = (kind, act) => source.addEventListener(kind, (event) => {
      version = event.lastEventId;
      act(JSON.parse(event.data));
    });
    on("message", place);
    on("gone", (ids) => ids.forEach((id) => document.querySelectorAll(`[data-message="${id}"]`).forEach((old) => old.remove())));
    on("beside", beside);
    on("stale", () => location.reload());
    source.onopen = () => {
      clearTimeout(lost);
      lost = 0;
      connection.textContent = "";
    };
    source.onerror = () => {
      const ended = source.readyState === EventSource.CLOSED;
      if (ended) connection.textContent = "This page is over. Open the address that the terminal shows now.";
      else if (!brief) lost ||= setTimeout(() => { connection.textContent = "The connection is lost. Trying again…"; }, 2500);
    };
  };

  // Threads ----------------------------------------------------------------------------------------------

  const draft = () => side.querySelector("[data-complete]")?.value ?? "";

  const address = (thread) => `./?${new URLSearchParams(thread ? { in: channel, thread } : { in: channel })}`;

  const open = async (thread) => {
    if (page.dataset.thread === thread && !side.hidden) return;
    const html = await request(`thread${address(thread).slice(2)}`);
    if (page.dataset.thread !== thread) history.pushState(null, "", address(thread));
    drafts.set(page.dataset.thread, draft());
    page.dataset.thread = thread;
    side.innerHTML = html;
    side.querySelector("[data-complete]").value = drafts.get(thread) ?? "";
    side.hidden = false;
    page.classList.add("beside");
    settle(side.querySelector(".list"));
    complete(side.querySelector("[data-complete]"));
    version = side.querySelector("header").dataset.version;
    connect();  // what came between the answer and this moment comes again
  };

  const shut = () => {
    drafts.set(page.dataset.thread, draft());
    page.dataset.thread = "";
    side.hidden = true;
    side.replaceChildren();
    page.classList.remove("beside");
    history.pushState(null, "", address(""));
    (opener?.isConnected ? opener : page.querySelector("[data-complete]")).focus();
  };

  document.addEventListener("click", async (event) => {
    const link = event.target.closest("[data-open], [data-close], [data-cancel]");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    if (link.matches("[data-cancel]")) return dialog.close();
    if (link.matches("[data-close]")) return shut();
    opener = link;
    try {
      await open(link.dataset.open);
      side.querySelector("[data-complete]").focus();
    } catch (error) {
      tell(error.message);
    }
  });
  addEventListener("popstate", () => location.reload());

  // What is sent -----------------------------------------------------------------------------------------

  const show = (html) => {
    dialog.innerHTML = html;
    if (!dialog.open) dialog.showModal();
    const wrong = dialog.querySelector("[aria-invalid]");
    (wrong ?? dialog.querySelector("input:not([type=hidden]), select, textarea, button")).focus();
  };

  // A choice can change what else is asked for. What was typed while that was on its way stays, and so does the cursor.
  let reshaped = Promise.resolve();
  const reshape = async (form) => {
    const sent = new FormData(form);
    sent.set("again", "yes");
    const html = await request("form", sent).catch(() => "");
    if (!html || !form.isConnected) return;
    const typed = new FormData(form);
    const at = document.activeElement;
    const cursor = at?.type === "text" ? [at.selectionStart, at.selectionEnd] : null;
    dialog.innerHTML = html;
    for (const field of dialog.querySelector("form").elements) {
      const now = typed.get(field.name);
      if (!field.name || field.type === "hidden" || now === sent.get(field.name)) continue;
      if (field.type === "checkbox") field.checked = now !== null;
      else field.value = now ?? "";
    }
    const held = at?.id ? dialog.querySelector(`#${CSS.escape(at.id)}`) : null;
    held?.focus();
    if (held && cursor) held.setSelectionRange(...cursor);
  };

  const complain = (form, text) => {
    const line = form.querySelector(":scope > .problem");
    if (line) line.textContent = text;
    else connection.textContent = text;
  };

  const send = async (form, data) => {
    if (form.dataset.busy) return;
    form.dataset.busy = "yes";
    const path = form.getAttribute("action");
    if (path !== "press") {  // sent again after a failure, it acts once all the same
      form.dataset.act ||= crypto.randomUUID();
      data.set("act", form.dataset.act);
    }
    try {
      const html = await request(path, data);
      delete form.dataset.act;
      complain(form, "");
      if (html) return show(html);
      if (path === "say") { form.reset(); attached(form); }
      if (path === "form") dialog.close();
    } catch (error) {
      complain(form, error.message);
    } finally {
      delete form.dataset.busy;
    }
  };

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("[data-part]")) return;
    event.preventDefault();
    if (dialog.contains(form)) {
      await reshaped;
      const shown = dialog.querySelector("form");
      return send(shown, new FormData(shown));
    }
    const data = new FormData(form, event.submitter);
    if (form.getAttribute("action") === "press") {
      const article = form.closest("article");
      awaited = { thread: article.dataset.thread || article.dataset.message, until: Date.now() + 60_000 };
      opener = event.submitter;
    }
    send(form, data);
  });

  const attached = (form) => {
    const line = form.querySelector(".attached");
    const file = form.querySelector("[type=file]")?.files[0];
    if (!line) return;
    line.hidden = !file;
    line.textContent = file ? `Attached: ${file.name}` : "";
  };

  document.addEventListener("change", (event) => {
    if (event.target.type === "file") attached(event.target.form);
    if (event.target.matches("[data-shapes]")) reshaped = reshape(event.target.form);
  });

  dialog.addEventListener("close", () => {
    if (opener?.isConnected) opener.focus();
    else if (opener) document.querySelector(`button[value="${CSS.escape(opener.value ?? "")}"]`)?.focus();
  });

  // What fits while one types ----------------------------------------------------------------------------

  document.addEventListener("input", async (event) => {
    const field = event.target;
    if (!field.matches("[data-suggest]")) return;
    const asked = new URLSearchParams({ form: field.form.elements.form.value, field: field.name, typed: field.value });
    const found = JSON.parse(await request(`suggest?${asked}`));
    document.getElementById(field.getAttribute("list")).replaceChildren(...found.map((one) => new Option(one.label, one.text)));
  });
  document.addEventListener("focusin", (event) => {
    if (event.target.matches?.("[data-suggest]")) event.target.dispatchEvent(new Event("input", { bubbles: true }));
  });

  // The pattern of a combobox with a list: https://www.w3.org/WAI/ARIA/apg/patterns/combobox/
  const complete = (field) => {
    const box = document.createElement("ul");
    box.id = `${field.id}-fits`;
    box.hidden = true;
    for (const [name, value] of Object.entries({ role: "listbox", "aria-label": "Suggestions" })) box.setAttribute(name, value);
    const states = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": box.id };
    for (const [name, value] of Object.entries(states)) field.setAttribute(name, value);
    field.after(box);
    let found = [];
    let at = -1;
    let asked = 0;

    const mark = (number) => {
      at = number;
      [...box.children].forEach((one, index) => one.setAttribute("aria-selected", String(index === at)));
      if (at < 0) field.removeAttribute("aria-activedescendant");
      else field.setAttribute("aria-activedescendant", box.children[at].id);
      box.children[at]?.scrollIntoView({ block: "nearest" });
    };
    const fold = () => {
      asked += 1;
      box.hidden = true;
      field.setAttribute("aria-expanded", "false");
      mark(-1);
    };
    const fill = (one) => {
      field.value = field.value.slice(0, field.value.length - one.replaces) + one.text + (one.text.endsWith("=") ? "" : " ");
      field.focus();
      suggest();
    };
    const option = (one, index) => {
      const line = document.createElement("li");
      line.id = `${box.id}-${index}`;
      line.setAttribute("role", "option");
      line.append(Object.assign(document.createElement("b"), { textContent: one.text }));
      line.append(Object.assign(document.createElement("span"), { textContent: one.hint }));
      line.addEventListener("pointerdown", (event) => { event.preventDefault(); fill(one); });
      return line;
    };
    const suggest = async () => {
      const turn = ++asked;
      const query = here(field);
      query.set("typed", field.value);
      const answer = field.value ? await request(`suggest?${query}`).then(JSON.parse).catch(() => []) : [];
      if (turn !== asked || document.activeElement !== field) return;
      found = answer;
      box.replaceChildren(...found.map(option));
      box.hidden = found.length === 0;
      field.setAttribute("aria-expanded", String(found.length > 0));
      mark(-1);
    };
    field.addEventListener("input", suggest);
    field.addEventListener("blur", fold);
    field.form.addEventListener("submit", fold);
    field.addEventListener("keydown", (event) => {
      if (box.hidden) return;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) mark((at + step + found.length + (at < 0 && step < 0 ? 1 : 0)) % found.length);
      else if (event.key === "Escape") fold();
      else if ((event.key === "Enter" || event.key === "Tab") && at >= 0) fill(found[at]);
      else return;
      event.preventDefault();
    });
  };

  newer.addEventListener("click", () => {
    toEnd(list);
    list.focus();
    newer.hidden = true;
  });
  list.addEventListener("scroll", () => { if (atEnd(list)) newer.hidden = true; });
  document.addEventListener("visibilitychange", () => { connect(); seen(); });
  document.querySelectorAll("[data-complete]").forEach(complete);
  document.querySelectorAll(".list").forEach(settle);
  if (dialog.open) { dialog.close(); dialog.showModal(); }
  connect();
})();
