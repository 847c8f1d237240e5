import { describe, expect, it } from "vitest";
import { batches } from "./batches";

/** Answers every id but "gone" with its length; remembers what it was asked. */
function asked(most: number) {
  const questions: string[][] = [];
  const made = batches<number>(
    async (ids) => {
      questions.push(ids);
      if (ids.includes("broken")) throw new Error("away");
      return new Map(ids.filter((id) => id !== "gone").map((id) => [id, id.length]));
    },
    most,
    0,
  );
  return { load: made.load, questions };
}

describe("batches", () => {
  it("asks once for what is asked for together, and once for each id", async () => {
    const { load, questions } = asked(10);
    expect(await Promise.all([load("a"), load("bb"), load("a")])).toEqual([1, 2, 1]);
    expect(questions).toEqual([["a", "bb"]]);
    expect(await load("ccc")).toBe(3);
    expect(questions).toEqual([["a", "bb"], ["ccc"]]);
  });

  it("never asks for more than it may at once", async () => {
    const { load, questions } = asked(2);
    await Promise.all(["a", "b", "c", "d", "e"].map(load));
    expect(questions).toEqual([["a", "b"], ["c", "d"], ["e"]]);
  });

  it("fails for what there is no answer to, and for that alone", async () => {
    const { load } = asked(10);
    const [here, gone] = await Promise.allSettled([load("here"), load("gone")]);
    expect(here).toEqual({ status: "fulfilled", value: 4 });
    expect(gone.status).toBe("rejected");
  });

  it("fails for all of a batch that failed, and asks again for the next", async () => {
    const { load } = asked(10);
    const failed = await Promise.allSettled([load("broken"), load("a")]);
    expect(failed.map((one) => one.status)).toEqual(["rejected", "rejected"]);
    expect(await load("a")).toBe(1);
  });
});
