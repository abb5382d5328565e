// In a page of `cargo xtask dev`: reloads it when another build is live, and shows what the compiler complains about.
const shown = Number(document.currentScript.dataset.build);

function banner() {
  const made = document.createElement("pre");
  made.id = "build-problem";
  made.className = "trouble";
  made.setAttribute("role", "alert");
  Object.assign(made.style, { maxHeight: "50vh", overflow: "auto", whiteSpace: "pre-wrap", textAlign: "left" });
  document.body.prepend(made);
  return made;
}

function listen() {
  const events = new EventSource("/dev/events");
  events.onmessage = ({ data }) => {
    const { build, problem } = JSON.parse(data);
    if (build !== shown) location.reload();
    const place = document.getElementById("build-problem");
    if (problem === null) place?.remove();
    else (place ?? banner()).textContent = `The last change is not live.\n\n${problem}`;
  };
  // After a cut it tries again by itself, but not after an answer that is no stream, which an edge under way may give.
  events.onerror = () => {
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 300);
  };
}

listen();
