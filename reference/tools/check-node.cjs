// Runs first in every npm script. It is written in the oldest JavaScript, because its whole purpose is to be understood by a Node that
// is too old for the rest: under Node 20 the SQLite driver does not fail with a message, it ends the process with a segmentation fault.
var MAJOR_MIN = 22
var MINOR_MIN = 14

var parts = process.versions.node.split('.')
var major = Number(parts[0])
var minor = Number(parts[1])

if (!(major > MAJOR_MIN || (major === MAJOR_MIN && minor >= MINOR_MIN))) {
  process.stderr.write(
    [
      '',
      'Bandtill needs Node ' +
        MAJOR_MIN +
        '.' +
        MINOR_MIN +
        ' or newer, and this is Node ' +
        process.versions.node +
        ' (' +
        process.execPath +
        ').',
      '',
      'Do one of these, then repeat the command:',
      '  1. Run `npm ci`, without --ignore-scripts: it brings Node 24 into node_modules/.bin, and npm scripts use that one.',
      '  2. Or install Node 24 from https://nodejs.org and put it first on the PATH.',
      '',
      'Nothing was started and nothing was changed.',
      '',
    ].join('\n'),
  )
  process.exit(1)
}
