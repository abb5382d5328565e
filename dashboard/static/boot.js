// Puts the numbers that came with the document in their places, then starts the program. When it cannot start, or when
// it breaks, the page says so: it never stands there as if it were alive.

function say(sentence) {
  const place = document.getElementById("trouble");
  place.textContent = sentence;
  place.hidden = false;
  document.title = "Not running — Pulse";
  const pill = document.querySelector(".pill");
  pill.dataset.status = "ended";
  pill.querySelector("[data-pill]").textContent = "Not running";
  pill.querySelector("[role=status]").textContent = "Not running";
  document.querySelector("main").classList.add("doubtful");
}

function fill({ stats }) {
  for (const place of document.querySelectorAll("[data-path]")) {
    const value = place.dataset.path.split(".").reduce((part, name) => part?.[name], stats);
    if (value == null) continue;
    const number = typeof value === "string" && /^-?\d+$/.test(value) ? BigInt(value) : value;
    const digits = place.dataset.path === "economy.avgLevel" || (place.dataset.path === "ping.avg" && number < 10) ? 1 : 0;
    const format = new Intl.NumberFormat([], { minimumFractionDigits: digits, maximumFractionDigits: digits });
    place.textContent = typeof number === "string" ? number : format.format(number);
  }
}

try {
  fill(JSON.parse(document.getElementById("snapshot").textContent));
} catch {
  // A page without numbers: they come over the socket.
}

const BROKEN = "This page has stopped because of an error of its own, and its numbers no longer move. Reload it.";

if (typeof WebAssembly !== "object" || typeof WebSocket !== "function") {
  say("Pulse needs WebAssembly and WebSocket. Allow them for this page, or open it in a current Firefox, Chrome, Edge or Safari.");
} else {
  let started = false;
  addEventListener("error", (event) => {
    if (started && event.error instanceof WebAssembly.RuntimeError) say(BROKEN);
  });
  addEventListener("unhandledrejection", (event) => {
    if (started && event.reason instanceof WebAssembly.RuntimeError) say(BROKEN);
  });
  try {
    const { default: start } = await import("/dashboard.js");
    await start({ module_or_path: "/dashboard_bg.wasm" });
    started = true;
  } catch (error) {
    console.error(error);
    say("The page could not be loaded completely. Check the connection, then reload.");
  }
}
