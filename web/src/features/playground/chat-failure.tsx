import { Anchor, Text } from "@mantine/core";
import { Link, useParams } from "@tanstack/react-router";
import { Suspense } from "react";
import type { Model } from "../../api/client";
import { useRoleIn } from "../../api/members";
import type { Problem } from "../../api/problem";
import { reaches } from "../../api/roles";
import { Failure } from "../../ui/failure";
import { useWorkspace } from "../../ui/workspace";
import { neededSecrets } from "./secrets";

/** Why there is no answer, and the way to one. `model` is the definition that was asked, where it is known. */
export function ChatFailure({ problem, model }: { problem: Problem; model: Model | null }) {
  return (
    <div>
      <Failure problem={problem} />
      <Text size="sm" mt={4} px="sm">
        {/* The role may not be known yet; the conversation does not wait for it. */}
        <Suspense>
          <Advice problem={problem} model={model} />
        </Suspense>
      </Text>
    </div>
  );
}

function Advice({ problem, model }: { problem: Problem; model: Model | null }) {
  const { workspace_id } = useWorkspace();
  const canMend = reaches(useRoleIn(workspace_id), "editor");
  switch (problem.code) {
    case "missing_secret":
      return canMend ? <SecretLinks problem={problem} model={model} /> : SOMEBODY_ELSE;
    case "upstream_credentials":
    case "upstream_model_not_found":
    case "upstream_rejected":
    case "incompatible":
      if (problem.status === 400) return "Change the message or the parameters, then ask again.";
      return canMend ? <ModelLink model={model} /> : SOMEBODY_ELSE;
    case "model_not_found":
      return "Pick another model above.";
    default:
      return problem.faults.length > 0 ? "Change it under Parameters, then ask again." : null;
  }
}

const SOMEBODY_ELSE = "An editor of this workspace or an administrator can mend it.";

function SecretLinks({ problem, model }: { problem: Problem; model: Model | null }) {
  const { workspace = "" } = useParams({ strict: false });
  const [name] = neededSecrets(model).filter((one) => problem.message.includes(one));
  return (
    <Anchor
      component={Link}
      to="/w/$workspace/secrets"
      params={{ workspace } as never}
      search={(name === undefined ? {} : { add: name }) as never}
      underline="always"
      inherit
    >
      {name === undefined ? "Enter the secret" : `Enter the secret ${name}`}
    </Anchor>
  );
}

function ModelLink({ model }: { model: Model | null }) {
  const { workspace = "" } = useParams({ strict: false });
  if (model === null) return null;
  return (
    <Anchor
      component={Link}
      to="/w/$workspace/models/$modelId"
      params={{ workspace, modelId: model.model_id } as never}
      underline="always"
      inherit
    >
      Look at {model.name}: its secrets, its address and its name at the provider
    </Anchor>
  );
}
