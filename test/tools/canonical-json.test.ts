import { expect, test } from 'vitest'
import { canonicalJson, jsonObject } from '#reference/tools/verify/canonical-json.ts'

test('an object’s text gives its content, which is written in one way only', () => {
  expect(canonicalJson(jsonObject(' {"b":[1,{"d":2,"c":"é"}],"a":null} '))).toBe('{"a":null,"b":[1,{"c":"é","d":2}]}')
})

// Found by the fuzzing: the deep ones used up the stack of `verify`, which then named nothing.
test.each([
  '',
  '[]',
  '1',
  'null',
  '"{}"',
  `{"a":${'['.repeat(9_000)}${']'.repeat(9_000)}}`,
  `${'{"a":'.repeat(9_000)}1${'}'.repeat(9_000)}`,
])('a text that no terminal writes has no content', (text) => {
  expect(jsonObject(text)).toBeUndefined()
})
