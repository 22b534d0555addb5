const broken = new Error('lease expired', { cause: new Error('no quorum') })
const kinds = {
  pino() {
    const logger = require('pino')({ level: 'trace' })
    logger.trace('balance 100'); logger.debug('balance 100')
    logger.info({ errors: 0, error: null }, 'GET /errors/list 200')
    logger.info({ error: 'expected' }, 'the error was handled')
    logger.warn('disk is slow'); logger.error(broken, 'could not settle'); logger.fatal('no quorum')
    logger.info({ level: 'error' }, 'a caller of its own level'); logger.info('serving again')
  },
  winston(format) {
    const winston = require('winston')
    const logger = winston.createLogger({ level: 'silly', format, transports: [new winston.transports.Console()] })
    logger.silly('balance 100'); logger.debug('balance 100'); logger.verbose('balance 100'); logger.http('GET /errors/list 200')
    logger.info('no errors', { errors: 0, error: null }); logger.info('the error was handled', { error: 'expected' })
    logger.warn('disk is slow'); logger.error('could not settle', { error: broken.message }); logger.error(broken)
    logger.info('serving again')
  },
  'winston-json'() { kinds.winston(require('winston').format.json()) },
  'winston-simple'() { kinds.winston(require('winston').format.simple()) },
  'winston-cli'() { kinds.winston(require('winston').format.cli()) },
  'winston-stack'() { const f = require('winston').format; kinds.winston(f.combine(f.errors({ stack: true, cause: true }), f.timestamp(), f.printf(i => `${i.timestamp} [${i.level}]: ${i.stack || i.message}`))) },
  bunyan() {
    const logger = require('bunyan').createLogger({ name: 'ledger', level: 'trace' })
    logger.trace('balance 100'); logger.debug('balance 100')
    logger.info({ errors: 0, error: null }, 'GET /errors/list 200')
    logger.info({ error: 'expected' }, 'the error was handled')
    logger.warn('disk is slow'); logger.error({ err: broken }, 'could not settle'); logger.fatal('no quorum')
    logger.info('serving again')
  },
  thrown() { console.log('listening'); (() => { throw broken })() },
  type() { console.log('listening'); const ledger = undefined; ledger.settle() },
  rejected() { console.log('listening'); Promise.reject(broken) },
  reason() { console.log('listening'); Promise.reject('no quorum') },
  any() { console.log('listening'); Promise.any([Promise.reject(broken), Promise.reject(new TypeError('no lease'))]) },
  assert() { console.log('listening'); require('assert').strictEqual(100, 99) },
  logged() { console.error(broken); console.log('serving again') },
  logged2() { console.error('could not settle:', broken); console.log('serving again') },
  code() { require('fs').readFileSync('/no/such/file') },
}
kinds[process.argv[2]]()
