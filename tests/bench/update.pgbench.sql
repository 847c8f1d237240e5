-- What one PATCH says to PostgreSQL, word for word and with a PATCH's values, for pgbench: the model, and in a
-- transaction its new state where the revision is the one seen, the secret it names, the revision and the audit record.
-- tests/server/registry/test_floor_of_updates.py holds it to what haymow says. Two things are its own: it works out the
-- model's ids, and leaves a revision out that another client was quicker with.
\set i random(1, :models)
\set w :i % :workspaces
SELECT models.scope_id, models.model_id, models.name, models.provider, models.chat_generator_config, models.generation_kwargs, models.requirements, models.revision, models.tag, models.created_at, models.created_by, models.updated_at, models.updated_by FROM models WHERE models.scope_id = md5('w' || :w::int)::UUID AND models.model_id = md5('m' || :i::int)::UUID AND models.deleted_at IS NULL \gset
\set next :revision + 1
BEGIN ISOLATION LEVEL SERIALIZABLE;
UPDATE models SET provider=:new_provider::VARCHAR COLLATE "C", chat_generator_config=:config::VARCHAR, generation_kwargs=:schema::VARCHAR, requirements=:required::VARCHAR, revision=:next::INTEGER, tag=:new_tag::VARCHAR, updated_at=:at::TIMESTAMP WITH TIME ZONE, updated_by=:person::UUID WHERE models.scope_id = :scope_id::UUID AND models.model_id = :model_id::UUID AND models.revision = :revision::INTEGER;
SELECT secrets.secret_id, secrets.scope_id, secrets.name, secrets.version, secrets.hosts FROM secrets WHERE secrets.scope_id = :scope_id::UUID AND secrets.name = :secret::VARCHAR UNION ALL SELECT secrets.secret_id, secrets.scope_id, secrets.name, secrets.version, secrets.hosts FROM secrets WHERE secrets.scope_id = :organization::UUID AND secrets.name = :secret::VARCHAR;
INSERT INTO revisions (scope_id, model_id, revision, change, changes, restored_from, name, provider, chat_generator_config, generation_kwargs, created_at, created_by) VALUES (:scope_id::UUID, :model_id::UUID, :next::INTEGER, :change::VARCHAR, :changes::VARCHAR, NULL::INTEGER, :name::VARCHAR, :new_provider::VARCHAR COLLATE "C", :config::VARCHAR, :schema::VARCHAR, :at::TIMESTAMP WITH TIME ZONE, :person::UUID) ON CONFLICT DO NOTHING;
INSERT INTO audit (organization_id, workspace_id, action, subject_id, subject_name, revision, changes, user_id, token_id, source, at, server) VALUES (:organization::UUID, :scope_id::UUID, :action::VARCHAR, :model_id::UUID, :name::VARCHAR, :next::INTEGER, :changes::VARCHAR, :person::UUID, :token::UUID, :source::VARCHAR, :at::TIMESTAMP WITH TIME ZONE, :server::UUID);
COMMIT;
