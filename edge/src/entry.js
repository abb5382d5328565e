// The Worker's entry: what the runtime calls, in front of what wasm-bindgen makes of this crate. Dev and release builds
// use this same file, so that a trap ends the same way in both.
//
// A trap (a Rust panic, or memory that runs out) leaves the wasm instance in an unknown state, and all objects of the
// isolate share that instance. So it is replaced before the next call, and each object is made anew from its storage.
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import * as wasm from "./index.js";

// The SDK's own record: its panic hook sets `criticalError`, and each start of the wasm raises `instanceId`.
const state = wasm.__worker_init_state();

function instance() {
  if (state.criticalError) {
    console.log("Reinitializing Wasm application");
    wasm.__wbg_reset_state();
    state.criticalError = false;
  }
  return state.instanceId;
}

function note(error) {
  if (!(error instanceof WebAssembly.RuntimeError)) return;
  console.error("Critical", error);
  state.criticalError = true;
}

// A trap in a task that the SDK has spawned reaches nobody who called; it becomes an event.
addEventListener("error", (event) => note(event.error));

// The SDK wakes its tasks through `queueMicrotask`, several times a command. The runtime's own makes an object for each
// call; a settled promise runs tasks in the same order and costs next to nothing (docs/FACTS.md). An error in a promise
// would reach no listener, so it is reported as the event that it would have been.
const settled = Promise.resolve();
globalThis.queueMicrotask = (task) =>
  void settled.then(() => {
    try {
      task();
    } catch (error) {
      reportError(error);
    }
  });

// A trap on the way shows as an exception here, or as a rejected promise by way of the event above.
function guarded(work) {
  try {
    return work();
  } catch (error) {
    note(error);
    throw error;
  }
}

export default class extends WorkerEntrypoint {
  fetch(request) {
    instance();
    return guarded(() => wasm.fetch.call(this, request, this.env, this.ctx));
  }
}

// One object of the SDK. A new wasm instance knows nothing of the objects of the old one, so each is made again by its
// first call.
class Rebuilt {
  #make;
  #inner;
  #madeBy;

  constructor(make) {
    this.#make = make;
    this.#current();
  }

  // One whose start has failed, or that could not read again what it had lost, is made anew, too: what was wrong with its
  // storage may be mended by now, and an object may live for weeks.
  #current() {
    const now = instance();
    if (this.#madeBy !== now || this.#inner.broken()) {
      this.#inner = guarded(this.#make);
      this.#madeBy = now;
    }
    return this.#inner;
  }

  call(method, ...words) {
    const inner = this.#current();
    return guarded(() => inner[method](...words));
  }
}

// The runtime lets a class be called by RPC only if it extends its own DurableObject, which the SDK's classes do not.
// A method of the SDK's class that is not named here cannot be called from outside.
export class Guild extends DurableObject {
  #rust = new Rebuilt(() => new wasm.Guild(this.ctx, this.env));

  fetch(request) {
    return this.#rust.call("fetch", request);
  }

  alarm() {
    return this.#rust.call("alarm");
  }

  answer(question) {
    return this.#rust.call("answer", question);
  }
}

export class Room extends DurableObject {
  #rust = new Rebuilt(() => new wasm.Room(this.ctx, this.env));

  fetch(request) {
    return this.#rust.call("fetch", request);
  }

  alarm() {
    return this.#rust.call("alarm");
  }

  webSocketMessage(socket, message) {
    return this.#rust.call("webSocketMessage", socket, message);
  }

  webSocketClose(socket, code, reason, wasClean) {
    return this.#rust.call("webSocketClose", socket, code, reason, wasClean);
  }

  webSocketError(socket, error) {
    return this.#rust.call("webSocketError", socket, error);
  }

  push(push) {
    return this.#rust.call("push", push);
  }
}
