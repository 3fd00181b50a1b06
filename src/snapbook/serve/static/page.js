// The page to try a model: a field a column, and what the model answers. Whatever comes from the
// server becomes text, never markup.
'use strict';

const at = id => document.getElementById(id);
let token = '';

async function ask(path, body) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const init = body === undefined ? { headers } : { method: 'POST', headers, body };
  const reply = await fetch(path, init);
  return { status: reply.status, told: await reply.json() };
}

function field(name, column, example) {
  const label = document.createElement('label');
  const input = document.createElement('input');
  const hint = document.createElement('small');
  label.textContent = name;
  label.htmlFor = input.id = `column-${name}`;
  input.name = name;
  input.dataset.type = [column.type ?? 'any'].flat()[0];
  input.autocomplete = 'off';
  if (example !== undefined && example !== null) input.value = String(example);
  hint.textContent = column.description ?? '';
  if (column.examples) {
    const known = document.createElement('datalist');
    known.id = `known-${name}`;
    known.append(...column.examples.map(one => new Option(String(one), String(one))));
    input.setAttribute('list', known.id);
    hint.append(known);
  }
  return [label, input, hint];
}

// An empty field is null; what is no number stays text, and the server says so.
function value(input) {
  const text = input.value;
  if (text.trim() === '') return null;
  const type = input.dataset.type;
  if (type === 'boolean') return { true: true, false: false }[text.trim().toLowerCase()] ?? text;
  if (type === 'string' || (type === 'any' && Number.isNaN(Number(text)))) return text;
  return Number.isFinite(Number(text)) ? Number(text) : text;
}

async function show() {
  const { status, told } = await ask('openapi.json');
  at('sign-in').hidden = status === 200;
  at('row').hidden = status !== 200;
  at('said').textContent = status === 200 || !token ? '' : told.error;
  if (status !== 200) {
    at('token').focus();
    return;
  }
  document.title = at('title').textContent = `${told.info.title}:${told.info.version}`;
  at('manifest').textContent = told.info.description;
  const row = told.components.schemas.Row;
  const example = row.examples?.[0] ?? {};
  const fields = Object.entries(row.properties).flatMap(([name, column]) =>
    field(name, column, example[name])
  );
  at('columns').replaceChildren(...fields);
}

async function predict() {
  const inputs = [...at('columns').querySelectorAll('input')];
  const row = Object.fromEntries(inputs.map(input => [input.name, value(input)]));
  const { status, told } = await ask('predict', JSON.stringify({ rows: [row] }));
  at('said').textContent = status === 200 ? '' : told.error;
  at('answer').hidden = status !== 200;
  at('answer').textContent = status === 200 ? JSON.stringify(told.predictions[0], null, 2) : '';
  for (const input of inputs) input.setAttribute('aria-invalid', String(input.name === told.column));
}

function on(id, act) {
  at(id).addEventListener('submit', event => {
    event.preventDefault();
    act().catch(() => {
      at('said').textContent = 'The server does not answer.';
    });
  });
}

on('sign-in', () => {
  token = at('token').value.trim();
  return show();
});
on('row', predict);
show().catch(() => {
  at('said').textContent = 'The server does not answer.';
});
