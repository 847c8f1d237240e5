import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { memo } from "react";
import type { Model, Workspace } from "../../../api/client";
import { modelState } from "../../../api/models";
import { Ago } from "../../../ui/ago";
import { Connection } from "../../../ui/connection";
import { originName } from "../../../ui/origin";
import { Overriding } from "../overriding";
import classes from "./list.module.css";

interface Props {
  workspace: Workspace;
  /** Counted from 0. */
  index: number;
  /** Undefined while its page is on its way. */
  model: Model | undefined;
}

/** A model in the list, always of the same height: nothing moves when its state arrives. */
export const ModelRow = memo(function ModelRow({ workspace, index, model }: Props) {
  // The header is the first row.
  const position = { "aria-rowindex": index + 2, "data-index": index };
  if (!model) return <MissingRow {...position} />;
  return <KnownRow {...position} workspace={workspace} model={model} />;
});

type Position = { "aria-rowindex": number; "data-index": number };

function KnownRow({ workspace, model, ...position }: Position & { workspace: Workspace; model: Model }) {
  const { data: state } = useQuery(modelState(workspace.workspace_id, model));
  return (
    <tr {...position} className={classes.row} data-hidden={state?.shadowed_by ? true : undefined}>
      <td>
        <Link
          to="/w/$workspace/models/$modelId"
          params={{ workspace: workspace.name, modelId: model.model_id }}
          className={classes.name}
          title={model.name}
          preload={false}
        >
          {model.name}
        </Link>
        <span className={classes.second}>
          {model.provider} · <Connection model={model} state={state} />
        </span>
      </td>
      <td className={classes.wide}>
        {originName(model.origin)}
        {state && <Overriding workspace={workspace.name} state={state} />}
      </td>
      <td className={classes.wide} title={model.provider}>
        {model.provider}
      </td>
      <td className={classes.wide}>
        <Connection model={model} state={state} />
      </td>
      <td className={classes.widest}>
        <Changed model={model} />
      </td>
    </tr>
  );
}

function Changed({ model }: { model: Model }) {
  if (!model.updated_at) return <span className={classes.quiet}>Comes with haymow</span>;
  const by = model.last_updated_by;
  return (
    <>
      <Ago at={model.updated_at} />
      {by && ` by ${by.given_name} ${by.family_name}`}
    </>
  );
}

function MissingRow(position: Position) {
  return (
    <tr {...position} className={classes.row}>
      <td>
        <Skeleton height={10} width="60%" />
      </td>
      <td className={classes.wide} />
      <td className={classes.wide} />
      <td className={classes.wide} />
      <td className={classes.widest} />
    </tr>
  );
}
