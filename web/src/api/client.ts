import createClient from "openapi-fetch";
import { answerTo } from "./early";
import { parseJson, printJson } from "./json";
import { home } from "./place";
import { Problem, problemOf } from "./problem";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
export type Model = Schemas["Model"];
export type Me = Schemas["Me"];
export type Workspace = Schemas["Workspace"];

const CHANGES = new Set(["POST", "PUT", "PATCH", "DELETE"]);

/** haymow's API, typed by its openapi.json. Fields it does not know are refused, never silently left out. */
export const client = createClient<paths>({
  baseUrl: home,
  fetch: answerTo,
  bodySerializer: (body) => printJson(body, 0),
});

client.use({
  onRequest({ request }) {
    if (CHANGES.has(request.method)) request.headers.set("prefer", "handling=strict");
    return request;
  },
});

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** What was answered, or the problem, thrown. */
export async function read<T>(answer: Promise<Answer<T>>): Promise<T> {
  return (await readTagged(answer)).data;
}

/** The same with the answer's ETag: what If-Match wants to see again. */
export async function readTagged<T>(answer: Promise<Answer<T>>): Promise<{ data: T; etag: string }> {
  const { data, error, response } = await answer;
  if (error !== undefined || !response.ok) throw problemOf(response, error);
  return { data: data as T, etag: response.headers.get("etag") ?? "" };
}

/** The same of an answer that was asked for as text, in whose documents floats stay floats. */
export async function readDocuments<T>(answer: Promise<Answer<string>>): Promise<{ data: T; etag: string }> {
  const { data, etag } = await readTagged(answer);
  return { data: parseJson(data) as T, etag };
}

/** Whether nobody is signed in, or no longer. */
export function isSignedOut(error: unknown): boolean {
  return error instanceof Problem && error.status === 401;
}
