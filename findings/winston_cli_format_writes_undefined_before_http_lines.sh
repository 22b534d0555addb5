#!/usr/bin/env bash
# winston 3.19.0 (logform 2.7.0).
#
# Expected: `format.cli()` pads the level of a line, whichever of the logger's own levels it is; a logger that is created
# without `levels` has npm's: error, warn, info, http, verbose, debug, silly.
# Seen: `format.cli()` knows the command line's levels alone, among which there is no `http`. A line of that level gets the
# word "undefined" glued before its message, with no blank: what reads the log finds no level and no first word.
# `format.padLevels()`, which it is built of, pads the same line as it should.
# Output seen (without colours):
#   cli:  "info:    started"
#   cli:  "http:undefinedGET /errors/list 500"
#   pad:  "http:    GET /errors/list 500"
#
# Where it concerns us: it is what access logs of Node services look like, and Clew tells error lines by their level
# (`bot/severity.py`; the line stands in tests/samples/logs/node.txt).
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund winston@3.19.0 logform@2.7.0 >/dev/null

node - <<'JAVASCRIPT'
const { createLogger, format, transports } = require('winston')
const { Writable } = require('node:stream')
const assert = require('node:assert')

function written (how) {
  const lines = []
  const stream = new Writable({ write (chunk, _, done) { lines.push(String(chunk).trimEnd()); done() } })
  const logger = createLogger({ level: 'silly', format: how, transports: [new transports.Stream({ stream })] })
  logger.info('started')
  logger.http('GET /errors/list 500')
  return lines
}

const plain = format.uncolorize()
const cli = written(format.combine(format.cli(), plain, format.printf(i => `${i.level}:${i.message}`)))
const pad = written(format.combine(format.padLevels(), format.printf(i => `${i.level}:${i.message}`)))
console.log('cli: ', JSON.stringify(cli[0]))
console.log('cli: ', JSON.stringify(cli[1]))
console.log('pad: ', JSON.stringify(pad[1]))

assert.strictEqual(cli[0], 'info:    started')
assert.strictEqual(cli[1], 'http:undefinedGET /errors/list 500')
assert.strictEqual(pad[1], 'http:    GET /errors/list 500')
JAVASCRIPT
echo "as described"
