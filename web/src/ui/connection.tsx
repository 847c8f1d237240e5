import type { Model } from "../api/client";
import { connectionWords, standingOf } from "../api/connection";
import type { ModelState } from "../api/model-states";
import classes from "./connection.module.css";

/** Whether a model is connected, and why not, in a few words. Until its state is known, what the model itself says. */
export function Connection({ model, state }: { model: Pick<Model, "connected">; state?: ModelState }) {
  const standing = standingOf((state ?? model).connected);
  return (
    <span className={classes[standing]} title={state?.detail}>
      {connectionWords(model, state)}
    </span>
  );
}
