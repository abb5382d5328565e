// The objects as the runtime sees them. It lets a class be called by RPC that extends its own, which the SDK's do not.
// A method of the SDK's class that is not named here cannot be called from outside.
import { DurableObject } from "cloudflare:workers";
import * as sdk from "./sdk.js";

export { default } from "./sdk.js";

// The SDK wakes its tasks through this, several times a command. The runtime's own makes an object for each call; a
// settled promise runs them in the same order, and costs next to nothing. What a task throws has to be an error event:
// by those the SDK learns that it must start anew.
const settled = Promise.resolve();
globalThis.queueMicrotask = (task) =>
  void settled.then(() => {
    try {
      task();
    } catch (error) {
      reportError(error);
    }
  });

export class Guild extends DurableObject {
  #inner = new sdk.Guild(this.ctx, this.env);

  fetch(request) {
    return this.#inner.fetch(request);
  }

  alarm() {
    return this.#inner.alarm();
  }

  answer(question) {
    return this.#inner.answer(question);
  }
}

export class Room extends DurableObject {
  #inner = new sdk.Room(this.ctx, this.env);

  fetch(request) {
    return this.#inner.fetch(request);
  }

  alarm() {
    return this.#inner.alarm();
  }

  webSocketMessage(socket, message) {
    return this.#inner.webSocketMessage(socket, message);
  }

  webSocketClose(socket, code, reason, wasClean) {
    return this.#inner.webSocketClose(socket, code, reason, wasClean);
  }

  webSocketError(socket, error) {
    return this.#inner.webSocketError(socket, error);
  }

  push(push) {
    return this.#inner.push(push);
  }
}
