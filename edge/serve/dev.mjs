// News for open pages under `cargo xtask dev`: that a new build is live, and what the compiler complains about.
import { readFileSync } from "node:fs";

const script = readFileSync(new URL("./page.js", import.meta.url));

/** The other end of `/dev/` in pages. */
export class Pages {
  #build = 0;
  #problem = null;
  #streams = new Set();

  get build() {
    return this.#build;
  }

  /** Makes another build live with `work`, and tells when it is. Until then pages must not come: what runs is about to end. */
  async renew(work) {
    this.#build += 1;
    try {
      await work();
    } catch (error) {
      this.#build -= 1;
      throw error;
    }
    this.#tell();
  }

  /** A change could not be built, or (null) it can be now. */
  complain(problem) {
    this.#problem = problem;
    this.#tell();
  }

  answer(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/dev/page.js") {
      return new Response(script, { headers: { "Content-Type": "text/javascript", "Cache-Control": "no-store" } });
    }
    if (pathname !== "/dev/events") return new Response("not found", { status: 404 });
    let stream;
    const body = new ReadableStream({
      start: (controller) => {
        stream = controller;
        this.#streams.add(stream);
        stream.enqueue(this.#frame());
      },
      cancel: () => this.#streams.delete(stream),
    });
    return new Response(body, { headers: { "Content-Type": "text/event-stream", "Cache-Control": "no-store" } });
  }

  #frame() {
    const state = JSON.stringify({ build: this.#build, problem: this.#problem });
    return new TextEncoder().encode(`retry: 300\ndata: ${state}\n\n`);
  }

  #tell() {
    for (const stream of this.#streams) {
      try {
        stream.enqueue(this.#frame());
      } catch {
        this.#streams.delete(stream); // its page has gone
      }
    }
  }
}
