// The component's exports, as the world `router` wants them.

import { get } from "patchbay:plugin/settings@0.1.0";

import { decide, read, schema } from "./router.js";

let prepared;

export const plugin = {
  settingsSchema: () => JSON.stringify(schema),
  prepare() {
    prepared = read(get());
  },
};

export const routing = {
  // A warm instance was prepared before; one that was not reads its settings now.
  decide: (message, conversation) => decide((prepared ??= read(get())), message, conversation),
};
