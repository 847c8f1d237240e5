"""Who may do what, declared: every operation, and what each kind of caller is answered.

`ok` is the operation's own success; a number is the status of a refusal. A caller who may not see a workspace gets
404, one who may see it but not do this 403, and nobody known 401.
"""

from __future__ import annotations

from dataclasses import dataclass

ok = 0


@dataclass(frozen=True)
class Answers:
    """What each caller gets; roles are those in the workspace, unless they are of the organization (`org_...`)."""

    no_token: int
    bad_token: int
    ws_user: int
    ws_editor: int
    ws_admin: int
    outsider: int  # of the organization, in no workspace
    org_editor: int  # in no workspace
    org_admin: int
    elsewhere: int  # an administrator's token for another workspace
    capped: int  # an administrator's token with the role user
    here: int  # an administrator's token for this workspace, with the role editor

    def of(self, caller: str) -> int:
        return int(getattr(self, caller))


CALLERS = tuple(Answers.__dataclass_fields__)

PUBLIC = Answers(ok, ok, ok, ok, ok, ok, ok, ok, ok, ok, ok)
ANYONE = Answers(401, 401, ok, ok, ok, ok, ok, ok, ok, ok, ok)

READ = Answers(401, 401, ok, ok, ok, 404, 404, ok, 404, ok, ok)
EDIT = Answers(401, 401, 403, ok, ok, 404, 404, ok, 404, 403, ok)
ADMINISTER = Answers(401, 401, 403, 403, ok, 404, 404, ok, 404, 403, 403)

ORG_READ = Answers(401, 401, ok, ok, ok, ok, ok, ok, 403, ok, 403)
ORG_EDIT = Answers(401, 401, 403, 403, 403, 403, ok, ok, 403, 403, 403)
ORG_ADMINISTER = Answers(401, 401, 403, 403, 403, 403, 403, ok, 403, 403, 403)

# A token of one workspace makes tokens of that workspace only, and the request of the matrix names none.
MAKE_TOKEN = Answers(401, 401, ok, ok, ok, ok, ok, ok, 403, ok, 403)
# The token of somebody else: who may not see it is told that it does not exist.
REVOKE_ANOTHERS = Answers(401, 401, 404, 404, 404, 404, 404, ok, 404, 404, 404)

W = "/api/v2/workspaces/{workspace_id}"

MATRIX = {
    f"POST {W}/openai/v1/chat/completions": READ,
    f"GET {W}/openai/v1/models": READ,
    f"GET {W}/openai/v1/models/{{name}}": READ,
    f"GET {W}/models": READ,
    f"POST {W}/models/custom": EDIT,
    f"POST {W}/models/validate": EDIT,
    f"GET {W}/models/{{model_id}}": READ,
    f"PATCH {W}/models/custom/{{model_id}}": EDIT,
    f"DELETE {W}/models/custom/{{model_id}}": EDIT,
    f"GET {W}/models/{{model_id}}/pipeline": READ,
    f"GET {W}/models/{{model_id}}/revisions": READ,
    f"GET {W}/models/{{model_id}}/revisions/{{revision}}": READ,
    f"POST {W}/models/{{model_id}}/revisions/{{revision}}/restore": EDIT,
    f"POST {W}/models/{{model_id}}/test": EDIT,
    f"GET {W}/model_states": READ,
    "GET /api/v2/model_states": ORG_READ,
    "GET /api/v2/models": ORG_READ,
    "POST /api/v2/models/custom": ORG_EDIT,
    "POST /api/v2/models/validate": ORG_EDIT,
    "GET /api/v2/models/{model_id}": ORG_READ,
    "PATCH /api/v2/models/custom/{model_id}": ORG_EDIT,
    "DELETE /api/v2/models/custom/{model_id}": ORG_EDIT,
    "GET /api/v2/models/{model_id}/revisions": ORG_READ,
    "GET /api/v2/models/{model_id}/revisions/{revision}": ORG_READ,
    "POST /api/v2/models/{model_id}/revisions/{revision}/restore": ORG_EDIT,
    f"GET {W}/secrets": READ,
    f"POST {W}/secrets": EDIT,
    f"GET {W}/secrets/{{secret_id}}": READ,
    f"GET {W}/secrets/{{secret_id}}/uses": READ,
    f"PUT {W}/secrets/{{secret_id}}": EDIT,
    f"DELETE {W}/secrets/{{secret_id}}": EDIT,
    "GET /api/v2/secrets": ORG_READ,
    "POST /api/v2/secrets": ORG_EDIT,
    "GET /api/v2/secrets/{secret_id}": ORG_READ,
    "GET /api/v2/secrets/{secret_id}/uses": ORG_READ,
    "PUT /api/v2/secrets/{secret_id}": ORG_EDIT,
    "DELETE /api/v2/secrets/{secret_id}": ORG_EDIT,
    "GET /api/v1/model_registry_tokens": ORG_READ,
    "GET /api/v1/model_registry_tokens/{provider}": ORG_READ,
    "POST /api/v1/model_registry_tokens/{provider}": ORG_EDIT,
    "PUT /api/v1/model_registry_tokens/{provider}": ORG_EDIT,
    "DELETE /api/v1/model_registry_tokens/{provider}": ORG_EDIT,
    "GET /api/v1/workspaces": ANYONE,
    "POST /api/v1/workspaces": ORG_ADMINISTER,
    "GET /api/v1/workspaces/{name}": READ,
    "DELETE /api/v1/workspaces/{name}": ADMINISTER,
    "GET /api/v2/members": ORG_READ,
    "POST /api/v2/members": ORG_ADMINISTER,
    "PUT /api/v2/members": ORG_ADMINISTER,
    "DELETE /api/v2/members/{user_id}": ORG_ADMINISTER,
    f"GET {W}/members": READ,
    f"PUT {W}/members": ADMINISTER,
    f"DELETE {W}/members/{{user_id}}": ADMINISTER,
    "GET /api/v1/users/{user_id}": ANYONE,
    "GET /api/v1/me": ANYONE,
    "GET /api/v2/me": ANYONE,
    "GET /api/v2/tokens": ANYONE,
    "POST /api/v2/tokens": MAKE_TOKEN,
    "DELETE /api/v2/tokens/{token_id}": REVOKE_ANOTHERS,
    "POST /api/v2/session": PUBLIC,
    "DELETE /api/v2/session": PUBLIC,
    "GET /api/v2/audit": ORG_ADMINISTER,
    f"GET {W}/audit": EDIT,
    "GET /api/v2/generators": ANYONE,
    "GET /api/v2/generators/{name}": ANYONE,
    "GET /api/v2/providers": ANYONE,
    "GET /healthz": PUBLIC,
    "GET /readyz": PUBLIC,
    "GET /openapi.json": PUBLIC,
    "GET /docs": PUBLIC,
    "GET /errors/{code}": PUBLIC,
}
