// What the official SDKs make of the server at argv[2]: one JSON object, by case.
import OpenAI from "openai";
import Anthropic from "@anthropic-ai/sdk";

const base = process.argv[2];
const tool = { type: "object", properties: { city: { type: "string" } } };

const openai = (name) => new OpenAI({ apiKey: "k", baseURL: `${base}/${name}/v1`, maxRetries: 0 });
const anthropic = (name) => new Anthropic({ apiKey: "k", baseURL: `${base}/${name}`, maxRetries: 0 });

async function completion(name) {
  const stream = openai(name).chat.completions.stream({
    model: "gpt-test",
    messages: [{ role: "user", content: "The capital of France?" }],
    stream_options: { include_usage: true },
    tools: ["weather", "time"].map((name) => ({ type: "function", function: { name, parameters: tool } })),
  });
  const whole = await stream.finalChatCompletion();
  const { message, finish_reason } = whole.choices[0];
  const calls = (message.tool_calls ?? []).map((call) => ({ id: call.id, name: call.function.name, arguments: JSON.parse(call.function.arguments) }));
  return { model: whole.model, text: message.content ?? "", calls, finish: finish_reason, input: whole.usage?.prompt_tokens ?? 0, output: whole.usage?.completion_tokens ?? 0 };
}

async function message(name) {
  const stream = anthropic(name).messages.stream({
    model: "claude-test",
    max_tokens: 99,
    messages: [{ role: "user", content: "The capital of France?" }],
    tools: ["weather", "time"].map((name) => ({ name, input_schema: tool })),
  });
  const whole = await stream.finalMessage();
  const text = whole.content.filter((block) => block.type === "text").map((block) => block.text).join("");
  const calls = whole.content.filter((block) => block.type === "tool_use").map((block) => ({ id: block.id, name: block.name, arguments: block.input }));
  const { input_tokens, output_tokens, cache_creation_input_tokens: made, cache_read_input_tokens: read } = whole.usage;
  return { model: whole.model, text, calls, finish: whole.stop_reason, input: input_tokens + (made ?? 0) + (read ?? 0), output: output_tokens };
}

async function vectors(name) {
  const answer = await openai(name).embeddings.create({ model: "embed", input: ["a", "b"], encoding_format: "float" });
  return { model: answer.model, vectors: answer.data.map((one) => [one.index, one.embedding]), input: answer.usage.prompt_tokens };
}

async function models(name) {
  const ids = [];
  for await (const model of openai(name).models.list()) ids.push(model.id);
  return ids;
}

const cases = {
  "openai paris": () => completion("paris"),
  "openai calls": () => completion("calls"),
  "openai limited": () => completion("limited"),
  "openai broken": () => completion("broken"),
  "openai vectors": () => vectors("vectors"),
  "openai models": () => models("models"),
  "anthropic paris": () => message("paris"),
  "anthropic calls": () => message("calls"),
  "anthropic limited": () => message("limited"),
  "anthropic broken": () => message("broken"),
};

const seen = {};
for (const [name, run] of Object.entries(cases)) {
  // An error within a stream has no status.
  seen[name] = await run().catch((error) => ({ error: error.status ?? "in the stream", retryAfter: error.headers?.get?.("retry-after") ?? null }));
}
console.log(JSON.stringify(seen));
