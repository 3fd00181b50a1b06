import { describe, expect, it } from 'vitest';
import { arrived, back, leave } from '../../src/web/arrival';
import { placeOf } from './places';

describe('the way to a provider', () => {
  it('begins and ends at the page itself, and keeps the screen', () => {
    const { place, kept, went } = placeOf('');
    expect(back(place)).toBe('https://models.example.com/registry/');
    leave(place, { address: 'https://login.example.com/?a', state: 's1' });
    expect(went).toEqual(['https://login.example.com/?a']);
    const there = placeOf('?code=c&state=s1', '');
    kept.forEach((value, name) => there.kept.set(name, value));
    expect(arrived(there.place)).toEqual({ code: 'c', state: 's1', trouble: '' });
    expect(there.went).toEqual(['/registry/#/churn']);
    // Once: what was kept is gone.
    expect(arrived(there.place)?.trouble).toContain('not begun here');
  });

  it('says what the provider said', () => {
    const { place } = placeOf('?error=access_denied&state=s1');
    place.sessionStorage.setItem('snapbook-arriving', '{"state":"s1","at":""}');
    expect(arrived(place)?.trouble).toBe('Not signed in: access_denied.');
  });

  it.each(['', '{}', 'no', '[]', '{"state":3}', '{"state":"other"}'])('takes nothing of a link: %s', text => {
    const { place, went } = placeOf('?code=c&state=s1');
    place.sessionStorage.setItem('snapbook-arriving', text);
    expect(arrived(place)).toMatchObject({ code: '', trouble: expect.stringContaining('not begun') });
    expect(went).toEqual(['/registry/']);
  });

  it.each(['https://evil.example.com', '//evil.example.com', 'javascript:x', '?x', '#x'])(
    'goes nowhere else afterwards: %s',
    at => {
      const { place, went } = placeOf('?code=c&state=s1');
      place.sessionStorage.setItem('snapbook-arriving', JSON.stringify({ state: 's1', at }));
      expect(arrived(place)?.trouble).toBe('');
      expect(went).toEqual(['/registry/']);
    }
  );

  it.each(['', '?', '?code=c', '?state=s', '?state=s&x=1'])('nobody comes back: %s', search => {
    const { place, went } = placeOf(search);
    expect(arrived(place)).toBeNull();
    expect(went).toEqual([]);
  });
});
