import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import schema from '../../schema/panel.json';
import * as settings from '../../src/settings';
import { CommandIDs } from '../../src/tokens';

const SOURCES = join(__dirname, '../../src');

function sources(): [string, string][] {
  return readdirSync(SOURCES, { recursive: true, encoding: 'utf-8' })
    .filter(name => /\.tsx?$/.test(name))
    .map(name => [name, readFileSync(join(SOURCES, name), 'utf-8')]);
}

describe('the sources', () => {
  it.each(sources())('%s makes no markup of text and hides no type', (_, text) => {
    const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    expect(code).not.toMatch(/dangerouslySetInnerHTML|\binnerHTML\b|outerHTML|insertAdjacentHTML/);
    expect(code).not.toMatch(/document\.write|\beval\(|new Function\(/);
    expect(code).not.toMatch(/:\s*any\s*[;,)=|\]>{]|\bas any\b|<any>|\bany\[\]|@ts-ignore|@ts-nocheck/);
  });

  it('keep tokens apart from their siblings', () => {
    const tokens = readFileSync(join(SOURCES, 'tokens.ts'), 'utf-8');
    expect(tokens).not.toMatch(/from '\./);
  });

  it('keep the model free of React', () => {
    for (const name of ['model.ts', 'served.ts', 'listing.ts', 'spans.ts', 'around.ts', 'session.ts', 'queue.ts', 'rows.ts', 'notices.ts']) {
      expect(readFileSync(join(SOURCES, name), 'utf-8'), name).not.toMatch(/from 'react'/);
    }
  });

  it('hold no open ends', () => {
    for (const [name, text] of sources()) {
      expect(text, name).not.toMatch(/TODO|FIXME|console\.log|https?:\/\/(?!www\.w3\.org)/);
    }
  });
});

describe('the settings schema', () => {
  const ids = new Set<string>(
    Object.values(CommandIDs).filter((id): id is string => typeof id === 'string')
  );

  it('has the defaults of the code', () => {
    for (const [name, { default: value }] of Object.entries(schema.properties)) {
      expect(value).toEqual(settings.DEFAULTS[name as keyof settings.Settings]);
    }
    expect(Object.keys(schema.properties).sort()).toEqual(Object.keys(settings.DEFAULTS).sort());
  });

  it('names commands that there are', () => {
    const named = [
      ...schema['jupyter.lab.shortcuts'].map(({ command }) => command),
      ...[...JSON.stringify(schema['jupyter.lab.menus']).matchAll(/"command":"([^"]+)"/g)].map(
        match => match[1]
      )
    ];
    expect(named.filter(id => !ids.has(id))).toEqual([]);
  });

  it('has no two acts on one key, no Ctrl+Alt, and letters only where the focus is ours', () => {
    const seen = new Set<string>();
    for (const { keys, selector } of schema['jupyter.lab.shortcuts']) {
      const key = `${keys.join(' ')} in ${selector}`;
      expect(seen.has(key), key).toBe(false);
      seen.add(key);
      expect(keys.join(' ')).not.toMatch(/Ctrl Alt/);
      expect(selector).not.toContain(',');
      if (keys.length === 1) {
        expect(selector).toContain('jp-snapbook');
      }
    }
  });
});

describe('reading settings', () => {
  it('fills what is missing or wrong with defaults', () => {
    expect(settings.readSettings(null)).toEqual(settings.DEFAULTS);
    const odd = { composite: { rows: 'all', toast: 'no', loadIn: ['a', 1], deltaTo: 'production' } };
    expect(settings.readSettings(odd as never)).toEqual({
      ...settings.DEFAULTS,
      loadIn: ['a'],
      deltaTo: 'production'
    });
  });

  it('knows the folders that snapbook is loaded in', () => {
    const chosen = { ...settings.DEFAULTS, loadIn: ['a/b'] };
    expect(settings.isLoadedIn(chosen, 'a/b/x.ipynb')).toBe(true);
    expect(settings.isLoadedIn(chosen, 'a/b/c/x.ipynb')).toBe(true);
    expect(settings.isLoadedIn(chosen, 'a/bc/x.ipynb')).toBe(false);
    expect(settings.isLoadedIn(settings.DEFAULTS, 'x.ipynb')).toBe(false);
  });
});
