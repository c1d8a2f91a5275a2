// A flow through npm `attio-ts-sdk`; prints how many steps passed, and fails at the first that does not.
import * as attio from 'attio-ts-sdk';

const client = attio.createAttioClient({ apiKey: 't', baseUrl: process.argv.at(-1) });
let steps = 0;

async function call(operation, options = {}) {
  const { data, error } = await operation({ client, ...options });
  if (error) throw new Error(JSON.stringify(error));
  steps += 1;
  return data;
}

async function help(operation, options = {}) {
  const result = await operation({ client, ...options });
  steps += 1;
  return result;
}

function must(condition, what) {
  if (!condition) throw new Error(what);
}

must((await call(attio.getV2Self)).active, 'self');
await call(attio.getV2Objects);
await call(attio.postV2Objects, { body: { data: { api_slug: 'ships', singular_noun: 'Ship', plural_noun: 'Ships' } } });
const values = { name: [{ value: 'Acme' }], domains: [{ domain: 'acme.example.com' }] };
const company = await help(attio.createRecord, { object: 'companies', values });
const recordId = company.id.record_id;
const upsert = { object: 'companies', matchingAttribute: 'domains', values: { ...values, name: [{ value: 'Acme 2' }] } };
must((await help(attio.upsertRecord, upsert)).id.record_id === recordId, 'upsert');
for (const filter of [attio.filters.eq('name', 'Acme 2'), attio.filters.contains('name', 'acme')]) {
  must((await help(attio.queryRecords, { object: 'companies', filter })).length === 1, 'query');
}
must((await help(attio.searchRecords, { query: 'acme', objects: ['companies'] })).length === 1, 'search');
const list = { name: 'R', api_slug: 'r', parent_object: 'companies', workspace_access: 'full-access', workspace_member_access: [] };
await call(attio.postV2Lists, { body: { data: list } });
must((await help(attio.listLists)).length === 1, 'lists');
const entry = { parent_record_id: recordId, parent_object: 'companies', entry_values: {} };
await call(attio.postV2ListsByListEntries, { path: { list: 'r' }, body: { data: entry } });
const filter = attio.filters.parentRecordId({ list: 'r', object: 'companies', recordId });
must((await help(attio.queryListEntries, { list: 'r', filter })).length === 1, 'entries of a parent');
await call(attio.getV2WorkspaceMembers);
const subscriptions = [{ event_type: 'record.created', filter: null }];
const hook = await call(attio.postV2Webhooks, { body: { data: { target_url: 'https://hooks.example.com', subscriptions } } });
must(hook.data.secret.length === 64, 'secret');
const task = { content: 'x', format: 'plaintext', deadline_at: null, is_completed: true, linked_records: [], assignees: [] };
must((await call(attio.postV2Tasks, { body: { data: task } })).data.completed_at, 'completed_at');
await call(attio.getV2Tasks);
const note = { parent_object: 'companies', parent_record_id: recordId, title: 'x', format: 'plaintext', content: 'y' };
await call(attio.postV2Notes, { body: { data: note } });
await call(attio.getV2Notes);
console.log(`${steps} steps`);
