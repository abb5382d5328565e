// Starts the program. When it cannot, or when it breaks, the page says so: it never stands there as if it were alive.

function say(sentence) {
  const place = document.getElementById("trouble");
  place.textContent = sentence;
  place.hidden = false;
  document.title = "Not running — Pulse";
  const pill = document.querySelector("[data-status]");
  pill.dataset.status = "ended";
  pill.textContent = "Not running";
  document.querySelector("main").classList.add("doubtful");
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
    const { default: init } = await import("./dashboard.js");
    await init();
    started = true;
  } catch (error) {
    console.error(error);
    say("The page could not be loaded completely. Check the connection, then reload.");
  }
}
