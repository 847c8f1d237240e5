import { Link } from "@tanstack/react-router";
import type { ModelState } from "../../api/model-states";
import { originName } from "../../ui/origin";
import classes from "./overriding.module.css";

/** Which model of the same name hides this one, or is hidden by it, with the way there. */
export function Overriding({ workspace, state }: { workspace: string; state: ModelState }) {
  const [nearest] = state.shadows;
  const other = state.shadowed_by ?? nearest;
  if (!other) return null;
  return (
    <Link
      to="/w/$workspace/models/$modelId"
      params={{ workspace, modelId: other.model_id }}
      className={classes.overriding}
      preload={false}
    >
      {state.shadowed_by ? "hidden by" : "hides"} {originName(other.origin).toLowerCase()}
    </Link>
  );
}
