import { expect, it } from "vitest";
import { valueAt, withValueAt } from "./paths";

const document = { seed: 1, list: [1, { deep: 2 }] };

it("finds what stands at a path, and nothing that only the prototype has", () => {
  expect(valueAt(document, ["list", 1, "deep"])).toBe(2);
  expect(valueAt(document, [])).toBe(document);
  expect(valueAt(document, ["seed", "deep"])).toBeUndefined();
  expect(valueAt(document, ["constructor"])).toBeUndefined();
});

it("changes one value and leaves the document that was given as it is", () => {
  expect(withValueAt(document, ["list", 1, "deep"], 3)).toEqual({ seed: 1, list: [1, { deep: 3 }] });
  expect(withValueAt(document, ["list", 0], undefined)).toEqual({ seed: 1, list: [null, { deep: 2 }] });
  expect(document).toEqual({ seed: 1, list: [1, { deep: 2 }] });
});

it("leaves a member out, and makes what a path leads through", () => {
  expect(withValueAt(document, ["seed"], undefined)).toEqual({ list: document.list });
  expect(withValueAt({}, ["thinking", "budget"], 5)).toEqual({ thinking: { budget: 5 } });
  expect(Object.keys(withValueAt({}, ["__proto__"], 5) as object)).toEqual(["__proto__"]);
});
