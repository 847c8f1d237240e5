-- What one PATCH says to PostgreSQL, for pgbench: the model, and in a transaction the secret it names, the model's new
-- state where the revision is the one seen, the revision and the audit record. The values are of a PATCH's size.
\set i random(1, :models)
\set w :i % :workspaces
SELECT revision AS seen FROM models WHERE scope_id = md5('w' || :w::int)::uuid AND model_id = md5('m' || :i::int)::uuid AND deleted_at IS NULL \gset
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT secret_id, scope_id, name, version, hosts FROM secrets WHERE scope_id = md5('w' || :w::int)::uuid AND name = 'OPENAI_API_KEY' UNION ALL SELECT secret_id, scope_id, name, version, hosts FROM secrets WHERE scope_id = md5('organization')::uuid AND name = 'OPENAI_API_KEY';
UPDATE models SET provider = 'openai', chat_generator_config = repeat('{"type": "x", "model": "y"}', 38), generation_kwargs = repeat('{"type": "object", "max": 1}', 36), revision = :seen::int + 1, tag = 'pgbench', updated_at = now() WHERE scope_id = md5('w' || :w::int)::uuid AND model_id = md5('m' || :i::int)::uuid AND revision = :seen::int;
INSERT INTO revisions (scope_id, model_id, revision, change, changes, name, provider, chat_generator_config, generation_kwargs, created_at) SELECT md5('w' || :w::int)::uuid, md5('m' || :i::int)::uuid, :seen::int + 1, 'update', 'provider,chat_generator_config,generation_kwargs', 'm', 'openai', repeat('{"type": "x", "model": "y"}', 38), repeat('{"type": "object", "max": 1}', 36), now() ON CONFLICT DO NOTHING;
INSERT INTO audit (organization_id, workspace_id, action, subject_id, subject_name, revision, changes, user_id, source, at) VALUES (md5('organization')::uuid, md5('w' || :w::int)::uuid, 'model.update', md5('m' || :i::int)::uuid, 'm', :seen::int + 1, 'provider,chat_generator_config,generation_kwargs', md5('user')::uuid, 'pgbench', now());
COMMIT;
