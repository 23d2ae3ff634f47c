#!/usr/bin/env node
import { createHash } from 'node:crypto'
// Builds webapp/static/dist: stylesheets and scripts, minified, gzipped and named by content, and
// manifest.json, which maps each plain name to its built name (without .gz).
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, parse } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const STYLES = ['phone', 'tablet', 'tv', 'journey', 'metrics']
// A phone's first pages are plain forms, so they need no htmx and can stay small.
const PLAIN_SCRIPTS = ['phone', 'again']
const HTMX_SCRIPTS = ['order', 'tablet', 'tv']
const IOT = '-iot'
// The published files come before our own modules, because these read `htmx` from the window.
const HTMX_FILES = ['htmx.org/dist/htmx.min.js', 'htmx-ext-sse/dist/sse.min.js']

const KEEP_OLD_MS = 60 * 60 * 1000

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
const source = join(root, 'webapp/static/src')
const target = join(root, 'webapp/static/dist')

const script = name => join(source, 'js', name + '.js')
const common = {
  entryNames: '[name]',
  outdir: target,
  write: false,
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2020',
  legalComments: 'none',
  logLevel: 'warning',
}
const builds = await Promise.all([
  build({
    ...common,
    entryPoints: [
      ...STYLES.map(name => join(source, 'css', name + '.css')),
      ...PLAIN_SCRIPTS.map(script),
    ],
  }),
  // Pages with live updates have two builds: one for the bar's own relay and one for IoT Core.
  build({ ...common, entryPoints: HTMX_SCRIPTS.map(script), inject: [script('relay')] }),
  build({
    ...common,
    entryPoints: HTMX_SCRIPTS.map(script),
    entryNames: '[name]' + IOT,
    inject: [script('iot')],
  }),
]).catch(() => process.exit(1))
const outputFiles = builds.flatMap(one => one.outputFiles)

const htmx = await Promise.all(
  HTMX_FILES.map(file => readFile(join(root, 'node_modules', file), 'utf8')),
)

// This module is loaded late, because it takes over the process's error output.
const { gzipAsync } = await import('@gfx/zopfli')

await mkdir(target, { recursive: true })
const manifest = {}
await Promise.all(
  outputFiles.map(async ({ path, text }) => {
    const { base, name, ext } = parse(path)
    const isHtmxScript = ext === '.js' && HTMX_SCRIPTS.includes(name.replace(IOT, ''))
    const contents = Buffer.from(isHtmxScript ? [...htmx, text].join('\n') : text)
    const hash = createHash('sha256').update(contents).digest('hex').slice(0, 10)
    const built = `${name}-${hash}${ext}`
    const packed = await gzipAsync(contents, { numiterations: 5 })
    manifest[base] = built
    await writeFile(join(target, built + '.gz'), packed)
    console.log(`${built}  ${contents.length} bytes, ${packed.length} gzipped`)
  }),
)
const sorted = Object.fromEntries(Object.entries(manifest).sort())
await writeFile(join(target, 'manifest.json.new'), JSON.stringify(sorted, null, 2) + '\n')
await rename(join(target, 'manifest.json.new'), join(target, 'manifest.json'))

// Files of earlier builds stay for an hour, because a server that still runs refers phones to them.
const current = new Set(['manifest.json', ...Object.values(manifest).map(built => built + '.gz')])
for (const file of await readdir(target)) {
  const { mtimeMs } = await stat(join(target, file))
  if (!current.has(file) && Date.now() - mtimeMs > KEEP_OLD_MS)
    await rm(join(target, file), { recursive: true })
}
